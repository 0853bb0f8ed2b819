package bench

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/msalcae/msalcae/wwwauth"
	"github.com/stretchr/testify/require"
)

// graph is Microsoft Graph's challenge: PoP and Bearer in one field.
const (
	graphAuthority = `realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", client_id="00000003-0000-0000-c000-000000000000"`
	graph          = `PoP ` + graphAuthority + `, nonce="eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiIsImtpZCI6IjY3NDYyMDhENkQ5RTgyMkI3NzIxNjcyODg3MTg5OUIwREMzRTU4M0MifQ.eyJ0cyI6MTY5OTkwMDY5OH0.c2lnbmF0dXJl", ` +
		`Bearer ` + graphAuthority + `, error_description="Continuous access evaluation resulted in challenge with result: InteractionRequired and code: TokenIssuedBeforeRevocationTimestamp", ` +
		`error="insufficient_claims", claims="eyJhY2Nlc3NfdG9rZW4iOnsibmJmIjp7ImVzc2VudGlhbCI6dHJ1ZSwgInZhbHVlIjoiMTYwNDEwNjY1MSJ9fX0="`
)

// manyParams is a header of 64 KiB.
var manyParams = "Bearer " + strings.Repeat(`a="b", `, (wwwauth.MaxHeaderBytes-7)/7)

func unauthorized(header string) *http.Response {
	resp := &http.Response{StatusCode: http.StatusUnauthorized, Header: http.Header{}, Body: http.NoBody}
	if header != "" {
		resp.Header.Set("WWW-Authenticate", header)
	}
	return resp
}

// azcoreCaller calls an API that answers with this header, through azcore's
// bearer token policy, which parses it.
type azcoreCaller struct {
	pipeline runtime.Pipeline
	header   string
	claims   string // that the policy asked a token for last
}

func newAzcoreCaller(header string) *azcoreCaller {
	a := &azcoreCaller{header: header}
	a.pipeline = runtime.NewPipeline("bench", "v1", runtime.PipelineOptions{
		PerRetry: []policy.Policy{runtime.NewBearerTokenPolicy(a, []string{"scope"}, nil)},
	}, &policy.ClientOptions{Transport: a, Retry: policy.RetryOptions{MaxRetries: -1}})
	return a
}

func (a *azcoreCaller) GetToken(_ context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, error) {
	a.claims = o.Claims
	return azcore.AccessToken{Token: "token", ExpiresOn: time.Now().Add(time.Hour)}, nil
}

func (a *azcoreCaller) Do(req *http.Request) (*http.Response, error) {
	resp := unauthorized(a.header)
	resp.Request = req
	return resp, nil
}

func (a *azcoreCaller) call(tb testing.TB) {
	req, err := runtime.NewRequest(context.Background(), http.MethodGet, "https://graph.example")
	require.NoError(tb, err)
	_, err = a.pipeline.Do(req)
	require.NoError(tb, err)
}

// All that are measured read the header right.
func TestHeadersAgree(t *testing.T) {
	claims, err := wwwauth.Claims(unauthorized(graph))
	require.NoError(t, err)
	require.Equal(t, `{"access_token":{"nbf":{"essential":true, "value":"1604106651"}}}`, claims)
	a := newAzcoreCaller(graph)
	a.call(t)
	require.Equal(t, claims, a.claims)
}

// BenchmarkHeaders reads Graph's challenge and a header of 64 KiB. azcore's
// parser can only be reached through a whole call, which "azcore/none" is
// without a header: what parsing costs is the difference to it. Graph's
// challenge has another error for azcore, or it would send a second time.
func BenchmarkHeaders(b *testing.B) {
	for name, header := range map[string]string{"graph": graph, "64KiB": manyParams} {
		resp := unauthorized(header)
		b.Run("Claims/"+name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _ = wwwauth.Claims(resp)
			}
		})
		b.Run("Parse/"+name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				wwwauth.Parse(resp.Header)
			}
		})
	}
	for name, header := range map[string]string{
		"graph": strings.Replace(graph, "insufficient_claims", "insufficient_things", 1), "64KiB": manyParams, "none": "",
	} {
		a := newAzcoreCaller(header)
		b.Run("azcore/"+name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				a.call(b)
			}
		})
	}
}
