package wwwauth_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/msalcae/msalcae/wwwauth"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// seedFields gives add the fields of the vectors that are not too long to be
// mutated well.
func seedFields(f *testing.F, add func(field string)) {
	for _, v := range vectors(f) {
		for _, field := range v.Headers {
			if len(field) < 4096 {
				add(string(field))
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	seedFields(f, func(s string) { f.Add(s) })
	f.Fuzz(func(t *testing.T, field string) {
		got := parse(field)
		assert.LessOrEqual(t, len(got), wwwauth.MaxChallenges)
		for _, c := range got {
			assertClean(t, c)
			assert.LessOrEqual(t, len(c.Params), wwwauth.MaxParams)
			assert.False(t, c.Token68 != "" && len(c.Params) > 0, "a token68 and parameters: %+v", c)
			s := c.String()
			if len(s) <= wwwauth.MaxHeaderBytes {
				require.Equal(t, []wwwauth.Challenge{c}, parse(s), "written as %q", s)
			}
		}
		assertAsReference(t, field)
		assertResource(t, field)
		if len(field) < 1000 && len(got) < 30 {
			good := wwwauth.Challenge{Scheme: "Bearer", Params: map[string]string{"error": "x"}}
			assert.Equal(t, append(got[:len(got):len(got)], good), parse(field, good.String()), "a field behind")
			assert.Equal(t, append([]wwwauth.Challenge{good}, got...), parse(good.String(), field), "a field before")
		}
	})
}

func FuzzClaims(f *testing.F) {
	seedFields(f, func(s string) { f.Add(s, `{"access_token":{"nbf":{"essential":true, "value":"1604106651"}}}`) })
	for _, claims := range []string{"null", "[]", `{"a":[1,-0.5e+3,true,false,null,"\u00e4\n"]}`, `{"a":01}`, "{}{}", "{\"a\":\"\xff\"}", "\ufeff{}"} {
		f.Add("", claims)
	}
	f.Fuzz(func(t *testing.T, field, claims string) {
		assertClaims(t, field)

		want, usable := claims, usableClaims(claims)
		if !usable {
			want = ""
		}
		for name, encoded := range map[string]string{
			"standard":        base64.StdEncoding.EncodeToString([]byte(claims)),
			"standard, raw":   base64.RawStdEncoding.EncodeToString([]byte(claims)),
			"URL alphabet":    base64.URLEncoding.EncodeToString([]byte(claims)),
			"URL, raw":        base64.RawURLEncoding.EncodeToString([]byte(claims)),
			"folded standard": strings.Join(strings.SplitAfterN(base64.StdEncoding.EncodeToString([]byte(claims)), "", 5), " "),
		} {
			got, err := wwwauth.Claims(claimsChallenge(encoded))
			assert.Equal(t, want, got, "%s: %v", name, err)
			assert.Equal(t, usable, err == nil, "%s: %v", name, err)
		}
		if strings.HasPrefix(claims, "{") && claims == strings.TrimRight(claims, " \t") && !hasControl(claims) {
			got, err := wwwauth.Claims(claimsChallenge(claims))
			assert.Equal(t, want, got, "as JSON text: %v", err)
		}
	})
}

// claimsChallenge is a 401 with these claims, as they stand in the header.
func claimsChallenge(claims string) *http.Response {
	c := wwwauth.Challenge{Scheme: "Bearer", Params: map[string]string{"error": "insufficient_claims", "claims": claims}}
	return unauthorized(c.String())
}

// usableClaims says by other means than Claims what claims it must return.
func usableClaims(s string) bool {
	trimmed := strings.TrimLeft(s, " \t\r\n")
	return strings.HasPrefix(trimmed, "{") && json.Valid([]byte(s)) && utf8.ValidString(s) &&
		len(s) <= wwwauth.MaxClaimsBytes && depth(s) <= wwwauth.MaxClaimsDepth
}

// depth is how deep valid JSON text nests.
func depth(s string) (deepest int) {
	now := 0
	for d := json.NewDecoder(strings.NewReader(s)); ; {
		switch token, err := d.Token(); {
		case err != nil:
			return deepest
		case token == json.Delim('{'), token == json.Delim('['):
			now++
			deepest = max(deepest, now)
		case token == json.Delim('}'), token == json.Delim(']'):
			now--
		}
	}
}

// assertClaims checks what holds of Claims and Why whatever the header.
func assertClaims(t *testing.T, field string) {
	t.Helper()
	resp := unauthorized(field)
	claims, err := wwwauth.Claims(resp)
	challenged := false
	for _, c := range wwwauth.Parse(resp.Header) {
		challenged = challenged || strings.EqualFold(c.Scheme, "Bearer") && c.Params["claims"] != "" &&
			strings.ToLower(c.Params["error"]) == "insufficient_claims"
	}
	switch {
	case err != nil:
		require.ErrorIs(t, err, wwwauth.ErrMalformedClaims)
		require.Empty(t, claims)
	case claims != "":
		require.True(t, challenged, "Parse sees no claims challenge")
		require.True(t, usableClaims(claims), "%q", claims)
	default:
		require.False(t, challenged, "Parse sees a claims challenge")
	}
	assertShowable(t, wwwauth.Why(resp), claims != "" || err != nil)
	resp.StatusCode = http.StatusForbidden
	claims, err = wwwauth.Claims(resp)
	require.Empty(t, claims)
	require.NoError(t, err)
}

func FuzzString(f *testing.F) {
	for _, v := range vectors(f) {
		for _, c := range wwwauth.Parse(v.response().Header) {
			if len(c.Params) == 0 {
				f.Add(c.Scheme, c.Token68, "", "", "", "")
			}
			for name, value := range c.Params {
				f.Add(c.Scheme, c.Token68, name, value, "realm", "a\r\nSet-Cookie: b=c\x00\u010d\u010a")
			}
		}
	}
	f.Fuzz(func(t *testing.T, scheme, token68, name1, value1, name2, value2 string) {
		c := wwwauth.Challenge{Scheme: scheme, Token68: token68, Params: map[string]string{name1: value1, name2: value2}}
		s := c.String()
		require.Equal(t, s, c.String(), "not the same every time")
		require.False(t, hasControl(s), "%q", s)
		if !isToken(scheme) {
			require.Empty(t, s)
			return
		}
		want, ok := reference(s)
		require.True(t, ok, "not allowed by RFC 9110: %q", s)
		require.Len(t, want, 1, "%q", s)
		if len(s) > wwwauth.MaxHeaderBytes {
			return
		}
		got := parse(s)
		require.Equal(t, want, got, "%q", s)
		require.Equal(t, scheme, got[0].Scheme)
		for name, value := range c.Params {
			if isToken(name) && name == strings.ToLower(name) && !hasControl(value) {
				require.Equal(t, value, got[0].Params[name])
			}
		}
	})
}

func FuzzExplain(f *testing.F) {
	for _, s := range []string{
		`{"access_token":{"nbf":{"essential":true,"value":"1"}}}`, `{"access_token":{"acrs":{"value":"c1","values":["c1",2,null,{}]}}}`,
		`{"access_token":{"xms_rp_ipaddr":{"value":"fe80::1%eth0"},"xms_caeerror":{"value":10012}}}`, `{"access_token":{"polids":[]}}`, `{"access_token":7}`,
	} {
		f.Add(s, "and code: TokenIssuedBeforeRevocationTimestamp")
	}
	f.Fuzz(func(t *testing.T, claims, description string) {
		assertShowable(t, wwwauth.Explain(claims), claims != "")
		c := wwwauth.Challenge{Scheme: "Bearer", Params: map[string]string{
			"error": "insufficient_claims", "claims": claims, "error_description": description}}
		assertShowable(t, wwwauth.Why(unauthorized(c.String())), len(claims)+len(description) < 1000)
	})
}

// assertShowable checks that reasons can be shown to anyone.
func assertShowable(t *testing.T, rs wwwauth.Reasons, some bool) {
	t.Helper()
	s := rs.String()
	require.Equal(t, len(rs) > 0, s != "")
	if some {
		require.NotEmpty(t, s)
	}
	require.LessOrEqual(t, len(s), 1024)
	require.False(t, strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' || strings.ContainsRune("<>&\"'`$\\", r) }), "%q", s)
}

func hasControl(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f })
}

func isToken(s string) bool { return onlyScheme.MatchString(s) }
