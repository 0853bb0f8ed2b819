package msalcae_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"

	"github.com/msalcae/msalcae"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// fixed is a source that always has the same token at hand.
type fixed struct{ tok *msalcae.Token }

func (f fixed) Token(context.Context, msalcae.TokenRequest) (*msalcae.Token, error) {
	return f.tok, nil
}

// warm is a Transport with a token, and a request of n headers.
func warm(t testing.TB, n int) (*msalcae.Transport, *http.Request) {
	resp := &http.Response{StatusCode: http.StatusOK, Body: http.NoBody}
	tr := &msalcae.Transport{
		Source: fixed{&msalcae.Token{Value: "a token"}},
		Base:   base(func(*http.Request) (*http.Response, error) { return resp, nil }),
		Hosts:  []string{"login.test", "*.vault.azure.net", "graph.microsoft.com"},
	}
	req := request(t, "GET", "https://graph.microsoft.com/v1.0/me", nil)
	for i := range n {
		req.Header.Set(fmt.Sprintf("X-Header-%d", i), "value")
	}
	_, err := tr.RoundTrip(req)
	require.NoError(t, err)
	return tr, req
}

// The least that may be allocated, as the base may keep the request and the
// caller's may not be touched: the request, its header map, and the map's
// groups, of which there are more from 8 headers on.
func TestWarmAllocations(t *testing.T) {
	for headers, most := range map[int]float64{0: 3, 1: 3, 6: 3, 7: 3, 8: 5, 9: 5, 13: 5, 14: 5, 15: 5, 28: 5} {
		tr, req := warm(t, headers)
		got := testing.AllocsPerRun(100, func() { tr.RoundTrip(req) })
		assert.LessOrEqual(t, got, most, "%d headers", headers)
	}
}

// A host that may not have a token costs nothing at all.
func TestPassThroughAllocations(t *testing.T) {
	tr, req := warm(t, 6)
	req.URL.Host = "other.test"
	assert.Zero(t, testing.AllocsPerRun(100, func() { tr.RoundTrip(req) }))
}
