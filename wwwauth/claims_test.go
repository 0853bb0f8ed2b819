package wwwauth_test

import (
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"unsafe"
	"weak"

	"github.com/msalcae/msalcae/wwwauth"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	c1       = `{"access_token":{"acrs":{"essential":true,"value":"c1"}}}`
	c1Base64 = "eyJhY2Nlc3NfdG9rZW4iOnsiYWNycyI6eyJlc3NlbnRpYWwiOnRydWUsInZhbHVlIjoiYzEifX19"
)

// What makes a claims challenge unusable, each in one sentence that says so.
func TestClaimsMalformed(t *testing.T) {
	b64 := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	for _, c := range []struct{ params, says string }{
		{`error="insufficient_claims"`, "it has no claims"},
		{`error="insufficient_claims", claims=""`, "it has no claims"},
		{`error="insufficient_claims", claims="  "`, "it has no claims"},
		{`error="insufficient_claims", claims="` + c1Base64, "it has no claims"}, // cut off
		{`error="insufficient_claims", error="invalid_token", claims="e30="`, "it has two errors that differ"},
		{`error="invalid_token", Error="insufficient_claims", claims="e30="`, "it has two errors that differ"},
		{`error="insufficient_claims", claims="e30=", claims="e30"`, "it has two claims that differ"},
		{`error="insufficient_claims", claims="", CLAIMS="e30="`, "it has two claims that differ"},
		{`error="insufficient_claims", claims="e30=", claims="e\30=", claims="e31="`, "it has two claims that differ"},
		{`error="insufficient_claims", claims="e"`, "its claims are neither base64 nor a JSON object"},
		{`error="insufficient_claims", claims="e30=="`, "its claims are neither base64 nor a JSON object"},
		{`error="insufficient_claims", claims="e3=0"`, "its claims are neither base64 nor a JSON object"},
		{`error="insufficient_claims", claims="===="`, "its claims are neither base64 nor a JSON object"},
		{`error="insufficient_claims", claims="e30%3D"`, "its claims are neither base64 nor a JSON object"},
		{`error="insufficient_claims", claims="[1,2]"`, "its claims are neither base64 nor a JSON object"},
		{`error="insufficient_claims", claims="` + b64("{\"a\":\"\xff\"}") + `"`, "its claims are not UTF-8 text"},
		{`error="insufficient_claims", claims="` + b64("null") + `"`, "its claims are not one JSON object"},
		{`error="insufficient_claims", claims="` + b64("[]") + `"`, "its claims are not one JSON object"},
		{`error="insufficient_claims", claims="` + b64(`"x"`) + `"`, "its claims are not one JSON object"},
		{`error="insufficient_claims", claims="` + b64("{}{}") + `"`, "its claims are not one JSON object"},
		{`error="insufficient_claims", claims="` + b64("{} x") + `"`, "its claims are not one JSON object"},
		{`error="insufficient_claims", claims="` + b64(`{"a":`) + `"`, "its claims are not one JSON object"},
		{`error="insufficient_claims", claims="{\"a\":"`, "its claims are not one JSON object"},
		{`error="insufficient_claims", claims="` + b64(nested(33)) + `"`, "its claims nest deeper than 32 levels"},
		{`error="insufficient_claims", claims="` + b64(sized(8193)) + `"`, "its claims are longer than 8192 bytes"},
		{`error="insufficient_claims", claims="` + b64(sized(9000)) + `"`, "its claims are longer than 8192 bytes"},
		{`error="insufficient_claims", claims="{` + strings.Repeat(" ", 8191) + `}"`, "its claims are longer than 8192 bytes"},
	} {
		claims, err := wwwauth.Claims(unauthorized("Bearer " + c.params))
		assert.Empty(t, claims, c.params)
		require.ErrorIs(t, err, wwwauth.ErrMalformedClaims, c.params)
		assert.EqualError(t, err, "wwwauth: malformed claims challenge: "+c.says, c.params)
	}
}

// nested is a JSON object that nests n deep.
func nested(n int) string { return strings.Repeat(`{"a":`, n-1) + "{}" + strings.Repeat("}", n-1) }

// sized is a JSON object of n bytes.
func sized(n int) string { return `{"a":"` + strings.Repeat("x", n-8) + `"}` }

func TestClaimsAtTheLimits(t *testing.T) {
	mixed := strings.Repeat(`{"a":[`, 16) + strings.Repeat("]}", 16)
	for _, want := range []string{nested(32), mixed, sized(8192), "{}", " { } ", "\r\n{\"\u00e4\":1e5}\n"} {
		got, err := wwwauth.Claims(claimsChallenge(base64.StdEncoding.EncodeToString([]byte(want))))
		assert.NoError(t, err)
		assert.Equal(t, want, got, "unchanged")
	}
}

func TestClaimsTwice(t *testing.T) {
	for _, same := range []string{
		`Bearer error="insufficient_claims", error=INSUFFICIENT_CLAIMS, claims="` + c1Base64 + `"`,
		`Bearer error="insufficient_claims", claims="` + c1Base64 + `", claims="` + c1Base64 + `"`,
		`Bearer error="insufficient_claims", claims="` + c1Base64 + `", claims="\` + c1Base64 + `"`,
		`Bearer error="insufficient_claims", claims="bnVsbA==", Bearer error="insufficient_claims", claims="` + c1Base64 + `"`,
	} {
		got, err := wwwauth.Claims(unauthorized(same))
		assert.NoError(t, err, same)
		assert.Equal(t, c1, got, same)
	}
}

// Of two that cannot be used, the error is about the first.
func TestClaimsFirstError(t *testing.T) {
	_, err := wwwauth.Claims(unauthorized(`Bearer error="insufficient_claims"`, `Bearer error="insufficient_claims", claims="bnVsbA=="`))
	assert.ErrorContains(t, err, "no claims")
}

// Another scheme is somebody else's, even with Entra's parameters.
func TestClaimsOfBearerOnly(t *testing.T) {
	for _, field := range []string{
		`PoP error="insufficient_claims", claims="` + c1Base64 + `"`,
		`BearerX error="insufficient_claims", claims="` + c1Base64 + `"`,
		`Bearer realm="", PoP error="insufficient_claims", claims="` + c1Base64 + `"`,
		`Bearer realm="x", F@o error="insufficient_claims", claims="` + c1Base64 + `"`,
		`error="insufficient_claims", claims="` + c1Base64 + `"`,
		`Bearer@x error="insufficient_claims", claims="` + c1Base64 + `"`,
		`Basic x"y, Bearer error=insufficient_claims, claims=` + c1Base64 + `, "`,
		`Basic "x" "y, Bearer error=insufficient_claims, claims=` + c1Base64 + `, "`,
	} {
		got, err := wwwauth.Claims(unauthorized(field))
		assert.NoError(t, err, field)
		assert.Empty(t, got, field)
	}
}

// Junk in a challenge leaves its other parameters alone.
func TestClaimsBesideJunk(t *testing.T) {
	const challenge = `error="insufficient_claims", claims="` + c1Base64 + `"`
	for _, field := range []string{
		`Bearer realm@x="y" ` + challenge,
		`Bearer realm="", @@@, ` + challenge,
		`Bearer realm="" @@@ ` + challenge,
		`Bearer realm="", a@b=c ` + challenge,
		`Bearer realm="", a@"b" ` + challenge,
		`Bearer realm="a"junk, ` + challenge,
		`Bearer realm="a"` + challenge,
		`Bearer realm="a"b="c", ` + challenge,
		`Bearer realm=a"b, c"d, ` + challenge,
		`Bearer error_description=The token has expired, ` + challenge,
		`Bearer realm=, ` + challenge,
		`Bearer realm="", x=, ` + challenge + `, y=`,
		`Bearer nonsense, ` + challenge,
		`Bearer x=; ` + challenge,
		`Bearer "a, b" ` + challenge,
		`Basic realm="a" Bearer ` + challenge,
		`Foo @bar, Bearer ` + challenge,
		`"", =, ;, Bearer ` + challenge + `, F@o x="y"`,
		"Bearer realm=\"\",\r\n\t" + challenge,
		"Bearer realm=\"\"\x01\x7f" + challenge,
	} {
		got, err := wwwauth.Claims(unauthorized(field))
		assert.NoError(t, err, field)
		assert.Equal(t, c1, got, field)
	}
}

func TestClaimsOfOtherResponses(t *testing.T) {
	for status := 100; status < 600; status++ {
		resp := claimsChallenge(c1Base64)
		resp.StatusCode = status
		got, err := wwwauth.Claims(resp)
		assert.NoError(t, err)
		assert.Equal(t, status == http.StatusUnauthorized, got != "", "status %d", status)
	}
	for _, resp := range []*http.Response{nil, {}, {StatusCode: http.StatusUnauthorized}} {
		got, err := wwwauth.Claims(resp)
		assert.NoError(t, err)
		assert.Empty(t, got)
		assert.Nil(t, wwwauth.Why(resp))
	}
}

// untouchable is a body that must be left alone.
type untouchable struct{ t *testing.T }

func (u untouchable) Read([]byte) (int, error) {
	u.t.Error("the body was read")
	return 0, io.EOF
}

func (u untouchable) Close() error {
	u.t.Error("the body was closed")
	return nil
}

func TestClaimsLeavesTheBody(t *testing.T) {
	for _, claims := range []string{c1Base64, "bnVsbA=="} {
		resp := claimsChallenge(claims)
		resp.Body = untouchable{t}
		_, _ = wwwauth.Claims(resp)
		_ = wwwauth.Why(resp)
	}
}

// No error holds anything of the header.
func TestClaimsErrorsQuoteNothing(t *testing.T) {
	for _, v := range vectors(t) {
		if _, err := wwwauth.Claims(v.response()); err != nil {
			s := strings.TrimPrefix(err.Error(), wwwauth.ErrMalformedClaims.Error()+": ")
			assert.Less(t, len(s), 60)
			assert.NotContains(t, s, `"`)
			assert.True(t, errors.Is(err, wwwauth.ErrMalformedClaims))
		}
	}
}

func TestHeaderLimits(t *testing.T) {
	good := claimsChallenge(c1Base64).Header.Get("WWW-Authenticate")
	claims := func(fields ...string) string {
		got, err := wwwauth.Claims(unauthorized(fields...))
		require.NoError(t, err)
		return got
	}
	pad := func(n int) string { return "Basic realm=\"" + strings.Repeat("x", n-14) + "\"" }

	assert.Equal(t, c1, claims(pad(wwwauth.MaxHeaderBytes-len(good)), good), "just within MaxHeaderBytes")
	assert.Empty(t, claims(pad(wwwauth.MaxHeaderBytes-len(good)+1), good), "one byte more")
	assert.Equal(t, c1, claims(pad(wwwauth.MaxHeaderBytes+1), good), "a field that is too long is not read")
	assert.Empty(t, claims(good+strings.Repeat(" ", wwwauth.MaxHeaderBytes)), "nor is half of it")

	assert.Equal(t, c1, claims(strings.Repeat("Basic, ", wwwauth.MaxChallenges-1)+good))
	assert.Empty(t, claims(strings.Repeat("Basic, ", wwwauth.MaxChallenges)+good))
	assert.Len(t, parse(strings.Repeat("Basic, ", wwwauth.MaxChallenges+5)), wwwauth.MaxChallenges)

	params := strings.TrimPrefix(good, "Bearer ")
	assert.Equal(t, c1, claims("Bearer "+strings.Repeat("a=b, ", wwwauth.MaxParams-2)+params))
	_, err := wwwauth.Claims(unauthorized("Bearer " + strings.Repeat("a=b, ", wwwauth.MaxParams-1) + params))
	assert.ErrorIs(t, err, wwwauth.ErrMalformedClaims, "the claims are beyond MaxParams")
	assert.Equal(t, c1, claims("Basic "+strings.Repeat("a=b, ", 2*wwwauth.MaxParams)+good), "the limit is of one challenge")
}

// Claims are kept while they wait for an answer. The header, which may be large
// and come from anyone, is not.
func TestClaimsDoNotKeepTheHeader(t *testing.T) {
	for _, claims := range []string{graphClaims, `{\"access_token\":{}}`, `{}`} {
		header := `Bearer error="insufficient_claims", claims="` + claims + `", realm="` + strings.Repeat("x", 32<<10) + `"`
		kept := weak.Make(unsafe.StringData(header))
		got, err := wwwauth.Claims(unauthorized(header))
		require.NoError(t, err)
		header = ""
		runtime.GC()
		assert.Nil(t, kept.Value(), claims)
		runtime.KeepAlive(got)
	}
}
