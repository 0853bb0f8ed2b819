package tokensource

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"
	"github.com/msalcae/msalcae"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// MaxAssertions bounds what is remembered, MSAL's part of it included: a
// person's tokens go with their source.
func TestOnBehalfOfMemoryIsBounded(t *testing.T) {
	const people, bound = 1000, 50
	big := strings.Repeat("x", 2000)
	s := &scriptedEntra{answer: func(n int, form url.Values) (int, string) {
		return 200, userToken(fmt.Sprint("person-", n), fmt.Sprint("at-", n, big), form.Get("scope"), "")
	}}
	serve := func(t *testing.T, from, to int, ask func(assertion string) error) (kept int64) {
		before := heapInUse()
		for n := range people {
			require.NoError(t, ask(assertionOf(fmt.Sprint("person-", n, big), time.Now().Add(time.Hour))))
			s.requests = nil
		}
		return heapInUse() - before
	}
	ctx := context.Background()
	cred, err := confidential.NewCredFromSecret("x")
	require.NoError(t, err)
	raw, err := confidential.New(testAuthority, "id", cred, confidential.WithInstanceDiscovery(false), confidential.WithHTTPClient(&http.Client{Transport: s}))
	require.NoError(t, err)
	msal := serve(t, 0, people, func(assertion string) error {
		_, err := raw.AcquireTokenOnBehalfOf(ctx, assertion, []string{"api://b/.default"})
		return err
	})
	assert.Greater(t, msal, int64(people*len(big)), "MSAL does not show the defect any more")
	runtime.KeepAlive(raw)

	c := confidentialOver(t, s, func(cfg *ConfidentialConfig) { cfg.MaxAssertions = bound })
	ours := serve(t, 0, people, func(assertion string) error {
		_, err := c.OnBehalfOf(assertion, "api://b/.default").Token(ctx, msalcae.TokenRequest{})
		return err
	})
	t.Logf("after %d people: MSAL keeps %d KiB of all, we %d KiB of the last %d (%d bytes each)", people, msal>>10, ours>>10, bound, ours/bound)
	assert.Less(t, ours, msal/2)
	assert.Equal(t, bound, c.delegates.Len())
}

// heapInUse is what is alive.
func heapInUse() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// A thousand people at once: one exchange for each, however many requests they
// make, and nobody gets another's token.
func TestOnBehalfOfCrowd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const people, calls = 1000, 3
		s := &scriptedEntra{answer: func(n int, form url.Values) (int, string) {
			time.Sleep(50 * time.Millisecond)
			return onBehalf(n, form)
		}}
		c := confidentialOver(t, s)
		type result struct {
			who string
			tok *msalcae.Token
			err error
		}
		round := func(claims string, rejected []string) (got []string) {
			results := make(chan result)
			for p := range people {
				who := fmt.Sprint("person-", p)
				req := msalcae.TokenRequest{Claims: claims}
				if rejected != nil {
					req.Rejected = rejected[p]
				}
				for range calls {
					go func() {
						tok, err := c.OnBehalfOf(assertionOf(who, time.Now().Add(time.Hour).Truncate(time.Hour)), "api://b/.default").Token(t.Context(), req)
						results <- result{who, tok, err}
					}()
				}
			}
			got = make([]string, people)
			for range people * calls {
				r := <-results
				require.NoError(t, r.err)
				require.True(t, strings.HasSuffix(r.tok.Value, "-of-"+r.who), "%s got %s", r.who, r.tok.Value)
				var p int
				_, err := fmt.Sscanf(r.who, "person-%d", &p)
				require.NoError(t, err)
				got[p] = r.tok.Value
			}
			return got
		}
		before := heapInUse()
		first := round("", nil)
		assert.Equal(t, people, s.count())
		t.Logf("%d people: %d bytes each", people, (heapInUse()-before)/people)
		second := round(laterNbf, first)
		assert.Equal(t, 2*people, s.count(), "one revocation, one request for each")
		for p := range people {
			assert.False(t, slices.Contains(first, second[p]))
		}
	})
}

// Whose assertion leaves while a request for them is under way gets their token
// all the same; who comes after has an exchange of their own.
func TestOnBehalfOfEvictionDuringARequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &scriptedEntra{answer: func(n int, form url.Values) (int, string) {
			time.Sleep(time.Second)
			return onBehalf(n, form)
		}}
		c := confidentialOver(t, s, func(cfg *ConfidentialConfig) { cfg.MaxAssertions = 1 })
		const people = 20
		tokens := make(chan string, 2*people)
		for range 2 {
			for p := range people {
				who := fmt.Sprint("person-", p)
				source := c.OnBehalfOf(assertionOf(who, time.Now().Add(time.Hour)), "api://b/.default")
				go func() {
					tok, err := source.Token(t.Context(), msalcae.TokenRequest{})
					if assert.NoError(t, err) {
						assert.True(t, strings.HasSuffix(tok.Value, "-of-"+who), "%s got %s", who, tok.Value)
						tokens <- tok.Value
					}
				}()
			}
		}
		seen := map[string]bool{}
		for range 2 * people {
			seen[<-tokens] = true
		}
		assert.Len(t, seen, 2*people)
		assert.Equal(t, 1, c.delegates.Len())
	})
}
