package wwwauth_test

import (
	"net/http"
	"testing"

	"github.com/msalcae/msalcae/wwwauth"
	"github.com/stretchr/testify/assert"
)

const graphClaims = "eyJhY2Nlc3NfdG9rZW4iOnsibmJmIjp7ImVzc2VudGlhbCI6dHJ1ZSwgInZhbHVlIjoiMTYwNDEwNjY1MSJ9fX0="

// graphResponse is the 401 that Microsoft Graph answers with on continuous access
// evaluation: PoP and Bearer in one field.
func graphResponse() *http.Response {
	const uri = `realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", client_id="00000003-0000-0000-c000-000000000000"`
	return unauthorized(`PoP ` + uri + `, nonce="eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiIsImtpZCI6IjY3NDYyMDhENkQ5RTgyMkI3NzIxNjcyODg3MTg5OUIwREMzRTU4M0MifQ.eyJ0cyI6MTY5OTkwMDY5OH0.c2lnbmF0dXJl"` +
		`, Bearer ` + uri + `, error_description="Continuous access evaluation resulted in challenge with result: InteractionRequired and code: TokenIssuedBeforeRevocationTimestamp"` +
		`, error="insufficient_claims", claims="` + graphClaims + `"`)
}

func unauthorized(fields ...string) *http.Response {
	return &http.Response{StatusCode: http.StatusUnauthorized, Header: http.Header{"Www-Authenticate": fields}}
}

func BenchmarkClaims(b *testing.B) {
	resp := graphResponse()
	b.ReportAllocs()
	for b.Loop() {
		if c, _ := wwwauth.Claims(resp); c == "" {
			b.Fatal("no claims")
		}
	}
}

func BenchmarkParse(b *testing.B) {
	resp := graphResponse()
	b.ReportAllocs()
	for b.Loop() {
		if len(wwwauth.Parse(resp.Header)) != 2 {
			b.Fatal("not two challenges")
		}
	}
}

// Asserted on every run: the header that Graph really
// sends is read with next to no garbage.
func TestAllocations(t *testing.T) {
	resp := graphResponse()
	assert.LessOrEqual(t, testing.AllocsPerRun(100, func() { wwwauth.Parse(resp.Header) }), 12.0, "Parse")
	assert.LessOrEqual(t, testing.AllocsPerRun(100, func() { _, _ = wwwauth.Claims(resp) }), 2.0, "Claims")
	plain := unauthorized(`Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize"`)
	assert.Zero(t, testing.AllocsPerRun(100, func() { _, _ = wwwauth.Claims(plain) }), "Claims of a plain 401")
}
