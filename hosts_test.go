package msalcae_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/msalcae/msalcae"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// outcome sends one request and says what became of it: "token", "skipped",
// "sent" (without a token and without a word) or "error".
func outcome(t *testing.T, hosts []string, req *http.Request) (string, error) {
	t.Helper()
	got := "error"
	tr := &msalcae.Transport{
		Source: &tokens{},
		Hosts:  hosts,
		Base: base(func(req *http.Request) (*http.Response, error) {
			if req.Header.Get("Authorization") == "Bearer t1" {
				got = "token"
			} else if got == "error" {
				got = "sent"
			}
			return respond(req, 200, ""), nil
		}),
		Trace: &msalcae.Trace{HostSkipped: func(_ context.Context, info msalcae.HostSkippedInfo) {
			assert.Equal(t, req.URL.Host, info.Host)
			assert.NotEmpty(t, info.Reason)
			got = "skipped"
		}},
	}
	_, err := tr.RoundTrip(req)
	return got, err
}

func TestHosts(t *testing.T) {
	const graph = "graph.microsoft.com"
	for _, c := range []struct{ hosts, url, want string }{
		// A host in the list, https on the default port.
		{graph, "https://graph.microsoft.com/v1.0/me", "token"},
		{graph, "https://graph.microsoft.com:443/", "token"},
		{graph, "https://graph.microsoft.com:/", "token"},
		{graph, "https://GRAPH.Microsoft.COM/", "token"},
		{graph, "https://graph.microsoft.com./", "token"},
		{graph, "https://graph.microsoft.com.:443/", "token"},
		{graph, "https://someone:secret@graph.microsoft.com/", "token"},
		{"Graph.Microsoft.Com.", "https://graph.microsoft.com/", "token"},
		{graph + ":443", "https://graph.microsoft.com/", "token"},
		{"other.test,graph.microsoft.com", "https://graph.microsoft.com/", "token"},
		// Another port only if the list names it.
		{graph, "https://graph.microsoft.com:8443/", "skipped"},
		{graph + ":8443", "https://graph.microsoft.com:8443/", "token"},
		{graph + ":8443", "https://graph.microsoft.com/", "skipped"},
		{graph + ":80", "https://graph.microsoft.com/", "skipped"},
		{graph + ":80", "https://graph.microsoft.com:80/", "token"},
		// A host that is not in the list.
		{graph, "https://evil.test/", "skipped"},
		{graph, "https://graph.microsoft.com.evil.test/", "skipped"},
		{graph, "https://evilgraph.microsoft.com/", "skipped"},
		{graph, "https://microsoft.com/", "skipped"},
		{graph, "https://x.graph.microsoft.com/", "skipped"},
		{graph, "https://graph.microsoft.com@evil.test/", "skipped"},
		{graph, "https://graph.microsoft.com../", "skipped"},
		{graph, "https://graph.micro\u017foft.com/", "skipped"}, // U+017F folds to s
		{graph, "http://evil.test/", "skipped"},
		{"bank.test", "https://ban\u212a.test/", "skipped"}, // U+212A folds to k
		// Plain http.
		{graph, "http://graph.microsoft.com/", "error"},
		{graph, "http://graph.microsoft.com:8080/", "error"},
		{graph, "http://graph.microsoft.com:443/", "error"},
		{graph + ":8080", "http://graph.microsoft.com:8080/", "error"},
		{graph + ":8080", "http://graph.microsoft.com/", "skipped"},
		{graph, "ftp://graph.microsoft.com/", "error"},
		{"10.0.0.1", "http://10.0.0.1/", "error"},
		// http to this machine.
		{"localhost", "http://localhost/", "token"},
		{"localhost", "http://LOCALHOST:8080/", "token"},
		{"localhost:8080", "http://localhost:8080/", "token"},
		{"localhost:8080", "http://localhost:8081/", "skipped"},
		{"localhost:80", "http://localhost/", "token"},
		{"127.0.0.1", "http://127.0.0.1:8080/", "token"},
		{"127.8.9.10", "http://127.8.9.10/", "token"},
		{"[::1]", "http://[::1]:8080/", "token"},
		{"[::1]:8080", "http://[::1]:8080/", "token"},
		{"::1", "http://[::1]/", "token"},
		{"[::1]", "http://[0:0:0:0:0:0:0:1]/", "token"},
		{"localhost", "http://127.0.0.1/", "skipped"},
		{"localhost.evil.test", "http://localhost.evil.test/", "error"},
		{"*.localhost", "http://api.localhost/", "error"},
		{"localhost", "https://localhost:8443/", "skipped"},
		{"localhost", "https://localhost/", "token"},
		// IP addresses.
		{"127.0.0.1", "http://127.0.0.1./", "skipped"}, // a name, which a server might answer
		{"[2001:db8::1]:443", "https://[2001:DB8:0::1]/", "token"},
		{"[2001:db8::1]", "https://[2001:db8::2]/", "skipped"},
		{"[2001:db8::1]", "https://[2001:db8::1%25eth0]/", "skipped"},
		// Wildcards.
		{"*.vault.azure.net", "https://a.vault.azure.net/", "token"},
		{"*.vault.azure.net", "https://a.b.Vault.azure.net./", "token"},
		{"*.Vault.Azure.Net.", "https://a.vault.azure.net/", "token"},
		{"*.vault.azure.net", "https://vault.azure.net/", "skipped"},
		{"*.vault.azure.net", "https://.vault.azure.net/", "skipped"},
		{"*.vault.azure.net", "https://evilvault.azure.net/", "skipped"},
		{"*.vault.azure.net", "https://a.vault.azure.net.evil.test/", "skipped"},
		{"*.vault.azure.net", "https://a.vault.azure.net:8443/", "skipped"},
		{"*.vault.azure.net:8443", "https://a.vault.azure.net:8443/", "token"},
		{"*.vault.azure.net", "http://a.vault.azure.net/", "error"},
		{"*.vault.azure.net", "https://é.vault.azure.net/", "skipped"},
		{"xn--bcher-kva.test", "https://XN--bcher-kva.test/", "token"},
		{"xn--bcher-kva.test", "https://bücher.test/", "skipped"},
	} {
		got, err := outcome(t, strings.Split(c.hosts, ","), request(t, "GET", c.url, nil))
		assert.Equal(t, c.want, got, "%s with the list %s", c.url, c.hosts)
		if c.want == "error" {
			require.ErrorIs(t, err, msalcae.ErrMisconfigured)
			assert.ErrorContains(t, err, "use https")
		} else {
			require.NoError(t, err)
		}
	}
}

// A host whose characters could mean something else to whoever resolves it
// matches no wildcard, even where a URL was put together by hand.
func TestHostsOddURL(t *testing.T) {
	for _, host := range []string{"evil.test/.vault.azure.net", "evil.test#.vault.azure.net", "a b.vault.azure.net", "evil.test\x00.vault.azure.net", "a..vault.azure.net"} {
		req := request(t, "GET", "https://x.test/", nil)
		req.URL.Host = host
		got, err := outcome(t, []string{"*.vault.azure.net"}, req)
		require.NoError(t, err)
		assert.Equal(t, "skipped", got, "%q", host)
	}
}

// The list is about where the connection goes: the Host header is the caller's
// affair.
func TestHostsIgnoreHostHeader(t *testing.T) {
	req := request(t, "GET", "https://evil.test/", nil)
	req.Host = "graph.microsoft.com"
	got, err := outcome(t, []string{"graph.microsoft.com"}, req)
	require.NoError(t, err)
	assert.Equal(t, "skipped", got)
}

func TestHostsMalformed(t *testing.T) {
	for entry, want := range map[string]string{
		"":                            "is empty",
		"https://graph.microsoft.com": "scheme",
		"graph.microsoft.com/":        "path",
		"graph.microsoft.com/v1.0":    "path",
		"graph.microsoft.com?x":       "path",
		"u:p@graph.microsoft.com":     "user information",
		"*":                           "every host",
		"*.":                          "every host",
		"*:443":                       "*",
		"*.*.test":                    "*",
		"a.*.test":                    "*",
		"*a.test":                     "*",
		".":                           "empty label",
		".test":                       "empty label",
		"a..test":                     "empty label",
		"*..test":                     "empty label",
		"a.test..":                    "empty label",
		"a b":                         "host name",
		`a\b`:                         "host name",
		"a%20b":                       "host name",
		"a.test:":                     "port",
		"a.test:0":                    "port",
		"a.test:65536":                "port",
		"a.test:https":                "port",
		"a.test:-1":                   "port",
		"[::1":                        "brackets",
		"[::1]x":                      "port",
		"[::1]:":                      "port",
		"[127.0.0.1]":                 "brackets",
		"[a.test]":                    "brackets",
		"::1::2":                      "host name",
		"fe80::1%eth0":                "zone",
		"1.2.3":                       "IP address",
		"127.0.0.1.":                  "IP address",
		"*.0.0.1":                     "IP address",
		"bücher.test":                 "xn--",
		"graph.micro\u017foft.com":    "xn--",
		"ban\u212a.test":              "xn--",
	} {
		got, err := outcome(t, []string{"fine.test", entry}, request(t, "GET", "https://fine.test/", nil))
		assert.Equal(t, "error", got, entry)
		if assert.ErrorIs(t, err, msalcae.ErrMisconfigured, entry) {
			assert.ErrorContains(t, err, want, entry)
			assert.Regexp(t, `^msalcae: misconfigured: Transport\.Hosts: "`, err.Error())
		}
	}
}

func TestHostsFromSource(t *testing.T) {
	send := func(hosts []string, src msalcae.TokenSource) (string, error) {
		var got string
		_, err := (&msalcae.Transport{Source: src, Hosts: hosts, Base: base(func(req *http.Request) (*http.Response, error) {
			got = req.Header.Get("Authorization")
			return respond(req, 200, ""), nil
		})}).RoundTrip(request(t, "GET", "https://api.test/", nil))
		return got, err
	}
	got, err := send(nil, &tokens{hosts: []string{"api.test"}})
	require.NoError(t, err)
	assert.Equal(t, "Bearer t1", got)

	got, err = send([]string{"other.test"}, &tokens{hosts: []string{"api.test"}})
	require.NoError(t, err)
	assert.Empty(t, got, "Transport.Hosts counts where it is set")

	_, err = send(nil, &tokens{hosts: []string{"https://api.test"}})
	require.ErrorIs(t, err, msalcae.ErrMisconfigured)
	assert.ErrorContains(t, err, "Source.Hosts()")

	for name, src := range map[string]msalcae.TokenSource{
		"no method": struct{ msalcae.TokenSource }{&tokens{}},
		"no hosts":  &tokens{},
	} {
		_, err = send(nil, src)
		require.ErrorIs(t, err, msalcae.ErrMisconfigured, name)
		assert.ErrorContains(t, err, "set Transport.Hosts", name)
	}
	_, err = send([]string{}, &tokens{hosts: []string{"api.test"}})
	require.ErrorIs(t, err, msalcae.ErrMisconfigured, "an empty list is not nil, and useless")
}

// A Base that rewrites the URL it was lent cannot make the replay carry the
// new token elsewhere.
func TestHostsCheckedOnReplay(t *testing.T) {
	var sent []string
	tr := &msalcae.Transport{Source: &tokens{}, Hosts: []string{"api.test"}, Base: base(func(req *http.Request) (*http.Response, error) {
		sent = append(sent, req.Header.Get("Authorization"))
		req.URL.Host = "evil.test"
		return unauthorized(req), nil
	})}
	_, err := tr.RoundTrip(request(t, "GET", "https://api.test/", nil))
	var challenge *msalcae.ChallengeError
	require.ErrorAs(t, err, &challenge)
	require.ErrorIs(t, err, msalcae.ErrMisconfigured)
	assert.Equal(t, []string{"Bearer t1"}, sent)
}
