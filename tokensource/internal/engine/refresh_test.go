package engine

import (
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/msalcae/msalcae"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestRefreshHonoursRetryAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{}
		entra.answer = func(n int, req msalcae.TokenRequest) (*msalcae.Token, error) {
			if n > 1 {
				return nil, &msalcae.Error{Status: 429, RetryAfter: 30 * time.Minute}
			}
			return &msalcae.Token{Value: "first", RefreshOn: time.Now().Add(time.Hour), ExpiresOn: time.Now().Add(24 * time.Hour)}, nil
		}
		s := New(entra.acquire)
		token(t, s)
		time.Sleep(time.Hour)
		for range 29 * 60 {
			token(t, s)
			time.Sleep(time.Second)
		}
		assert.Equal(t, 2, entra.requests(), "Retry-After: 1800")
	})
}

func TestRefreshPassesOverAVoidedToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{life: time.Hour, latency: time.Second}
		var first *msalcae.Token
		entra.answer = func(n int, req msalcae.TokenRequest) (*msalcae.Token, error) {
			if n == 1 {
				first = &msalcae.Token{Value: "token-1", ExpiresOn: time.Now().Add(24 * time.Hour)}
			}
			if req.Claims == "" {
				return first, nil // D2
			}
			return nil, nil
		}
		s := New(entra.acquire)
		challenge(t, s, nbf(0), token(t, s))
		for range 4 * 3600 {
			start := time.Now()
			token(t, s)
			if d := time.Since(start); d > 0 {
				t.Errorf("a caller waited %s after %s", d, time.Duration(0))
				break
			}
			time.Sleep(time.Second)
		}
	})
}

func TestFarFuture(t *testing.T) {
	entra := &issuer{}
	entra.answer = func(n int, _ msalcae.TokenRequest) (*msalcae.Token, error) {
		return &msalcae.Token{Value: "static", ExpiresOn: time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)}, nil
	}
	s := New(entra.acquire)
	for range 10 {
		token(t, s)
	}
	assert.Equal(t, 1, entra.requests())
}

func TestRefreshGoesOnAfterARefusal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{}
		entra.answer = func(n int, _ msalcae.TokenRequest) (*msalcae.Token, error) {
			if n == 2 {
				e := *interaction
				e.Claims = capol("p1")
				return nil, &e
			}
			return &msalcae.Token{Value: fmt.Sprint("token-", n), RefreshOn: time.Now().Add(12 * time.Hour), ExpiresOn: time.Now().Add(24 * time.Hour)}, nil
		}
		s := New(entra.acquire)
		token(t, s)
		time.Sleep(12 * time.Hour)
		for range 11 * 60 {
			token(t, s)
			time.Sleep(time.Minute)
		}
		assert.Greater(t, entra.requests(), 2, "11 hours of calls, no second attempt")
	})
}

func TestRefreshOnInThePast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{}
		entra.answer = func(n int, _ msalcae.TokenRequest) (*msalcae.Token, error) {
			if n == 1 {
				return &msalcae.Token{Value: "cached", RefreshOn: time.Now().Add(-time.Minute), ExpiresOn: time.Now().Add(12 * time.Hour)}, nil
			}
			return nil, nil
		}
		s := New(entra.acquire)
		for range 11 * 60 {
			token(t, s)
			time.Sleep(time.Minute)
		}
		assert.Greater(t, entra.requests(), 1, "due since before it was obtained")
	})
}

func TestEndedTokenFromACache(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{}
		old := &msalcae.Token{Value: "old", ExpiresOn: time.Now().Add(time.Hour)}
		entra.answer = func(n int, req msalcae.TokenRequest) (*msalcae.Token, error) {
			if req.Claims == "" {
				return old, nil
			}
			return nil, nil
		}
		s := New(entra.acquire)
		token(t, s)
		time.Sleep(2 * time.Hour)
		assert.NotEqual(t, "old", token(t, s))
	})
}

func TestRefreshThatBringsAnOlderToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		older := &msalcae.Token{Value: "older", ExpiresOn: time.Now().Add(13 * time.Hour)}
		entra := &issuer{}
		entra.answer = func(n int, req msalcae.TokenRequest) (*msalcae.Token, error) {
			if n == 1 {
				return &msalcae.Token{Value: "newer", RefreshOn: time.Now().Add(12 * time.Hour), ExpiresOn: time.Now().Add(24 * time.Hour)}, nil
			}
			return older, nil // MSAL's cache has it under other scopes
		}
		s := New(entra.acquire)
		token(t, s)
		time.Sleep(12 * time.Hour)
		for range 45 {
			assert.Equal(t, "newer", token(t, s))
			synctest.Wait()
			time.Sleep(time.Minute)
		}
		assert.Equal(t, 2, entra.requests(), "the older one says when it would be worth another look")
	})
}

func TestRefreshThatNobodyWaitsFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{life: time.Hour}
		s := New(entra.acquire)
		token(t, s)
		entra.latency = 5 * time.Second
		var failing atomic.Bool
		failing.Store(true)
		entra.answer = func(n int, _ msalcae.TokenRequest) (*msalcae.Token, error) {
			if failing.Load() {
				return nil, &msalcae.Error{Status: 500}
			}
			return nil, nil
		}
		time.Sleep(time.Hour - 294*time.Second)
		for range 60 { // 30 s of calls
			start := time.Now()
			assert.Equal(t, "token-1", token(t, s))
			assert.Zero(t, time.Since(start))
			time.Sleep(500 * time.Millisecond)
		}
		assert.LessOrEqual(t, entra.requests(), 3, "one attempt per back-off")
		time.Sleep(10 * time.Second)
		failing.Store(false)
		time.Sleep(90 * time.Second)
		assert.Equal(t, "token-1", token(t, s))
		time.Sleep(6 * time.Second)
		assert.NotEqual(t, "token-1", token(t, s))
	})
}

func TestShortTokensServeUntilTheirEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{life: 2 * time.Minute}
		s := New(entra.acquire)
		for range 60 {
			token(t, s)
			time.Sleep(time.Second)
		}
		assert.Equal(t, 1, entra.requests())
		token(t, s)
		time.Sleep(time.Second)
		assert.Equal(t, "token-2", token(t, s))
		assert.Equal(t, 2, entra.requests())
	})
}

func TestPlainRefusalRefreshesAnOldToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{}
		s := New(entra.acquire)
		s.Refused(token(t, s), "")
		synctest.Wait()
		assert.Equal(t, 1, entra.requests(), "a young token is not suspected")
		time.Sleep(6 * time.Minute)
		for range 10 {
			s.Refused("token-1", "")
		}
		synctest.Wait()
		assert.Equal(t, "token-2", token(t, s))
		assert.Equal(t, 2, entra.requests())
	})
}

func TestTokenThatIsNotInUseIsNotRefreshed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{life: time.Hour}
		s := New(entra.acquire)
		c1 := challenge(t, s, acrs("c1"), token(t, s))
		time.Sleep(30 * time.Minute)
		c2 := challenge(t, s, acrs("c2"), c1)
		time.Sleep(26 * time.Minute)
		require.Equal(t, c1, challenge(t, s, acrs("c1"), c2), "kept, and due")
		synctest.Wait()
		assert.Equal(t, 3, entra.requests())
	})
}

// However often a replacement failed, the next attempt waits.
func TestBackOffHasNoEnd(t *testing.T) {
	var e entry
	for n := range 1000 {
		wait := e.backoff()
		require.GreaterOrEqual(t, wait, refreshBackoff*8/10)
		require.LessOrEqual(t, wait, maxRefreshBackoff*12/10)
		if n > 5 {
			require.GreaterOrEqual(t, wait, maxRefreshBackoff*8/10)
		}
	}
}
