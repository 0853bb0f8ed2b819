package tokensource

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"net/url"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/cache"
	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"
	"github.com/msalcae/msalcae/internal/acquisition"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// An unlockedStore relies on what MSAL promises: an Export is alone with it.
type unlockedStore struct {
	blob      []byte
	slow      atomic.Bool
	exporting atomic.Bool
	began     chan struct{} // by a slow Export
	met       atomic.Bool   // a Replace met an Export
}

func (s *unlockedStore) Replace(_ context.Context, into cache.Unmarshaler, _ cache.ReplaceHints) error {
	if s.exporting.Load() {
		s.met.Store(true)
	}
	if len(s.blob) == 0 {
		return nil
	}
	return into.Unmarshal(s.blob)
}

func (s *unlockedStore) Export(_ context.Context, from cache.Marshaler, _ cache.ExportHints) (err error) {
	if s.slow.Load() {
		s.exporting.Store(true)
		defer s.exporting.Store(false)
		close(s.began)
		for end := time.Now().Add(200 * time.Millisecond); !s.met.Load() && time.Now().Before(end); {
			time.Sleep(time.Millisecond)
		}
	}
	s.blob, err = from.Marshal()
	return err
}

// Who evicts a token is as much alone with the store as MSAL when it writes, and
// nobody's reading brings the token back.
func TestEvictionIsAloneWithTheStore(t *testing.T) {
	store := &unlockedStore{began: make(chan struct{})}
	c, _ := signedIn(t, &scriptedEntra{answer: func(int, url.Values) (int, string) { return 200, userToken("ada", "at-1", "read", "") }},
		public.WithCache(&Accessor{Store: store}))
	store.slow.Store(true)
	var wg sync.WaitGroup
	wg.Go(func() {
		_, err := c.Accounts(acquisition.With(t.Context(), acquisition.Acquisition{Evict: "at-1"}))
		assert.NoError(t, err)
	})
	<-store.began
	_, err := c.Accounts(t.Context())
	require.NoError(t, err)
	wg.Wait()
	assert.False(t, store.met.Load(), "somebody read while the store was being written")
	assert.NotContains(t, string(store.blob), "at-1")
}
