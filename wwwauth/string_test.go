package wwwauth_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/msalcae/msalcae/wwwauth"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestString(t *testing.T) {
	type params = map[string]string
	for _, c := range []struct {
		challenge wwwauth.Challenge
		want      string
	}{
		{wwwauth.Challenge{}, ""},
		{wwwauth.Challenge{Scheme: "NTLM"}, "NTLM"},
		{wwwauth.Challenge{Scheme: "Negotiate", Token68: "YII/+=="}, "Negotiate YII/+=="},
		{wwwauth.Challenge{Scheme: "Basic", Params: params{"realm": ""}}, `Basic realm=""`},
		{wwwauth.Challenge{Scheme: "Basic", Params: params{"realm": `a "b" \c, d=e`}}, `Basic realm="a \"b\" \\c, d=e"`},
		{wwwauth.Challenge{Scheme: "Basic", Params: params{"realm": "a\tb \u00e4\xff"}}, "Basic realm=\"a\tb \u00e4\xff\""},
		// in Graph's order, whatever the map's
		{wwwauth.Challenge{Scheme: "Bearer", Params: params{"claims": "e30=", "cc_type": "authcontext", "error": "insufficient_claims", "a": "",
			"error_description": "x", "client_id": "y", "realm": "", "authorization_uri": "z"}},
			`Bearer realm="", authorization_uri="z", client_id="y", a="", cc_type="authcontext", error_description="x", error="insufficient_claims", claims="e30="`},
		// what would end the field or begin something else
		{wwwauth.Challenge{Scheme: "Basic", Params: params{"realm": "a\r\nSet-Cookie: x=y\x00\x7f\x01"}}, `Basic realm="a  Set-Cookie: x=y   "`},
		{wwwauth.Challenge{Scheme: "Basic", Params: params{"realm": "x\" , Bearer y=\"z"}}, `Basic realm="x\" , Bearer y=\"z"`},
		{wwwauth.Challenge{Scheme: "Basic", Params: params{"": "a", "a b": "c", "x=\"y\", z": "d", "\u00e4": "e", "n\r\nx": "f", "ok": "g"}}, `Basic ok="g"`},
		{wwwauth.Challenge{Scheme: "Basic", Params: params{"Realm": "upper", "realm": "lower", "REALM": "all", "Nonce": "n"}}, `Basic realm="lower", nonce="n"`},
		{wwwauth.Challenge{Scheme: "Basic\r\nX: y", Params: params{"realm": "x"}}, ""},
		{wwwauth.Challenge{Scheme: "Basic Bearer", Params: params{"realm": "x"}}, ""},
		{wwwauth.Challenge{Scheme: "Basic", Token68: "a, Bearer"}, "Basic"},
		{wwwauth.Challenge{Scheme: "Basic", Token68: "=="}, "Basic"},
		{wwwauth.Challenge{Scheme: "Basic", Token68: "a=b"}, "Basic"},
		// one or the other
		{wwwauth.Challenge{Scheme: "Basic", Token68: "abc", Params: params{"realm": "x"}}, `Basic realm="x"`},
		{wwwauth.Challenge{Scheme: "Basic", Token68: "abc", Params: params{"a b": "x"}}, "Basic abc"},
	} {
		for range 5 {
			assert.Equal(t, c.want, c.challenge.String())
		}
	}
}

// Every challenge that any vector holds survives being written and read.
func TestStringRoundTrip(t *testing.T) {
	n := 0
	for _, v := range vectors(t) {
		for _, c := range wwwauth.Parse(v.response().Header) {
			require.Equal(t, []wwwauth.Challenge{c}, parse(c.String()), "%s, written as %q", v.ID, c.String())
			n++
		}
	}
	require.Greater(t, n, 300)
}

// Over a real connection, no value adds a field or loses one.
func TestStringOverHTTP(t *testing.T) {
	const nasty = "a\r\nX-Injected: 1\r\n\r\nHTTP/1.1 200 OK\x00\x0b\x0c\x1c\x7f \u010d\u010a \u560a\u560d \u0085 \u2028 \xff\""
	sent := wwwauth.Challenge{Scheme: "Bearer", Params: map[string]string{"error": "invalid_token", "error_description": nasty}}
	var plain []string
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/challenge" {
			w.Header().Set("WWW-Authenticate", sent.String())
		}
		w.WriteHeader(http.StatusUnauthorized)
	}))
	defer srv.Close()
	for _, path := range []string{"/", "/challenge"} {
		resp, err := srv.Client().Get(srv.URL + path)
		require.NoError(t, err)
		resp.Body.Close()
		var names []string
		for name, values := range resp.Header {
			assert.Len(t, values, 1)
			if name != "Www-Authenticate" {
				names = append(names, name)
			}
		}
		if path == "/" {
			plain = names
			continue
		}
		assert.ElementsMatch(t, plain, names, "fields")
		got := wwwauth.Parse(resp.Header)
		require.Len(t, got, 1)
		assert.Equal(t, []wwwauth.Challenge{got[0]}, parse(sent.String()), "as written")
		assert.Equal(t, "invalid_token", got[0].Params["error"])
		assert.Len(t, got[0].Params, 2)
	}
}
