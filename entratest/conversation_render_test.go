package entratest_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/stretchr/testify/require"
)

// A mask is what stands in a captured conversation for what is new in each run.
type mask struct{ text, name string }

func (c *conversation) mask(text, name string) {
	if text != "" {
		c.masks = append(c.masks, mask{text, name})
	}
}

// name gives a value the next name of its kind.
func (c *conversation) name(kind, value string) string {
	for _, m := range c.masks {
		if m.text == value {
			return m.name
		}
	}
	c.count[kind]++
	name := fmt.Sprintf("<%s %d>", kind, c.count[kind])
	c.mask(value, name)
	return name
}

var (
	dated    = regexp.MustCompile(`\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?Z?`)
	unixTime = regexp.MustCompile(`\b(9|1\d)\d{8}\b`)
	traced   = regexp.MustCompile(`(Trace ID: |Correlation ID: |"(?:trace_id|correlation_id|request-id|client-request-id)":\s*")[0-9a-f-]{36}`)
	inBase64 = regexp.MustCompile(`claims="([A-Za-z0-9+/=]+)"`)
)

// masked replaces everything that is new in each run.
func (c *conversation) masked(text string) string {
	for _, m := range c.masks {
		text = strings.ReplaceAll(text, m.text, m.name)
	}
	text = strings.ReplaceAll(text, c.s.Tenant(), "<tenant>")
	text = traced.ReplaceAllString(text, "$1<id>")
	text = dated.ReplaceAllString(text, "<time>")
	return unixTime.ReplaceAllString(text, "<now>")
}

func (c *conversation) write(format string, args ...any) { fmt.Fprintf(&c.script, format, args...) }

func (c *conversation) text() string { return c.script.String() }

// A scribe writes down what goes through it.
type scribe struct {
	c  *conversation
	to http.RoundTripper
}

func (s *scribe) RoundTrip(req *http.Request) (*http.Response, error) {
	c := s.c
	c.write("%s %s\n", req.Method, c.masked(req.URL.Path))
	for _, name := range slices.Sorted(maps.Keys(req.URL.Query())) {
		c.write("    %s=%s\n", name, c.masked(req.URL.Query().Get(name)))
	}
	if token := strings.TrimPrefix(req.Header.Get("Authorization"), "Bearer "); token != "" {
		c.write("    Authorization: Bearer %s\n", c.masked(token))
	}
	if req.Body != nil && req.Header.Get("Content-Type") == "application/x-www-form-urlencoded" {
		body, err := io.ReadAll(req.Body)
		require.NoError(c.t, err)
		req.Body = io.NopCloser(bytes.NewReader(body))
		c.writeForm(string(body))
	}
	began := time.Now()
	resp, err := s.to.RoundTrip(req)
	var body []byte
	if err == nil {
		body, err = io.ReadAll(resp.Body)
		resp.Body.Close()
	}
	if err != nil {
		c.write("no answer, or not a whole one\n")
		return nil, err
	}
	// A bubble's clock goes by whole seconds; how busy a machine is is no matter.
	if took := time.Since(began); took >= time.Second && took%time.Second == 0 {
		c.write("after %s\n", took)
	}
	c.writeAnswer(resp, body)
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, nil
}

// challengeIn returns the claims of a challenge of any form.
func (c *conversation) challengeIn(a answer) string {
	found := inBase64.FindStringSubmatch(strings.Join(a.header.Values("WWW-Authenticate"), ", "))
	require.NotNil(c.t, found)
	text, err := base64.StdEncoding.DecodeString(found[1])
	require.NoError(c.t, err)
	return string(text)
}

var formOrder = []string{"grant_type", "client_id", "client_secret", "client_assertion_type", "client_assertion", "username", "password",
	"code", "device_code", "refresh_token", "redirect_uri", "code_verifier", "scope", "claims"}

func (c *conversation) writeForm(body string) {
	form, err := url.ParseQuery(body)
	require.NoError(c.t, err)
	for _, name := range formOrder {
		if v := form.Get(name); v != "" {
			switch name {
			case "code_verifier":
				v = "<code verifier>"
			case "redirect_uri":
				v = "http://localhost"
			}
			c.write("    %s=%s\n", name, c.masked(v))
		}
	}
}

func (c *conversation) writeAnswer(resp *http.Response, body []byte) {
	a := readAnswer(resp, body)
	c.write("%s\n", strings.TrimSpace(fmt.Sprint(resp.StatusCode, " ", http.StatusText(resp.StatusCode))))
	for _, name := range []string{"Www-Authenticate", "Retry-After"} {
		for _, v := range resp.Header.Values(name) {
			if strings.Contains(v, "claims=") {
				v = inBase64.ReplaceAllLiteralString(v, "claims=<base64 of "+c.challengeIn(a)+">")
			}
			c.write("    %s: %s\n", strings.Replace(name, "Www", "WWW", 1), c.masked(v))
		}
	}
	for _, kind := range []string{"access_token", "refresh_token", "id_token", "device_code", "user_code"} {
		if v := a.text(kind); v != "" {
			c.name(strings.ReplaceAll(kind, "_", " "), v)
		}
	}
	var pretty bytes.Buffer
	if json.Indent(&pretty, body, "    ", "  ") == nil {
		c.write("    %s\n", c.masked(pretty.String()))
	} else if len(body) > 0 {
		c.write("    %s\n", c.masked(string(body)))
	}
	if token := a.token(); token != "" {
		c.writeToken(token)
	}
}

// writeToken tells what is in a token that matters here.
func (c *conversation) writeToken(token string) {
	claims := payload(c.t, token)
	life := time.Duration(claims["exp"].(float64)-claims["iat"].(float64)) * time.Second
	lives := "for " + life.String()
	switch {
	case life >= 20*time.Hour:
		lives = "for 20 to 28 hours"
	case life > time.Hour && life < 95*time.Minute:
		lives = "for 60 to 90 minutes"
	}
	c.write("   %s lives %s (exp-iat), with", c.masked(token), lives)
	var told []string
	for _, name := range []string{"aud", "ipaddr", "xms_cc", "xms_ssm", "acrs"} {
		if v, there := claims[name]; there {
			b, err := json.Marshal(v)
			require.NoError(c.t, err)
			told = append(told, name+" "+string(b))
		}
	}
	slices.Sort(told)
	c.write(" %s\n", c.masked(strings.Join(told, ", ")))
}
