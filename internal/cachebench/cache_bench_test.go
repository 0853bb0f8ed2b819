package cachebench

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	extension "github.com/AzureAD/microsoft-authentication-extensions-for-go/cache"
	"github.com/AzureAD/microsoft-authentication-extensions-for-go/cache/accessor/file"
	msal "github.com/AzureAD/microsoft-authentication-library-for-go/apps/cache"
	"github.com/msalcae/msalcae/cache"
	"github.com/msalcae/msalcae/cache/local"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// peers open the cache of one process in a folder.
var peers = map[string]func(t testing.TB, dir string) msal.ExportReplace{
	"ours": func(t testing.TB, dir string) msal.ExportReplace {
		c, err := local.Open("bench", local.Options{Dir: dir, KeyStore: vault{}})
		require.NoError(t, err)
		return c.Partition(cache.Scope{}).Accessor(func(_ context.Context, op string, err error) { t.Error(op, err) }, nil)
	},
	"extension": func(t testing.TB, dir string) msal.ExportReplace {
		path := filepath.Join(dir, "cache")
		storage, err := file.New(path)
		require.NoError(t, err)
		c, err := extension.New(storage, path+".timestamp")
		require.NoError(t, err)
		return c
	},
}

// vault is a KeyStore with one key.
type vault struct{}

func (vault) Name() string                                 { return "vault" }
func (vault) Load(context.Context, string) ([]byte, error) { return make([]byte, 32), nil }
func (vault) Save(context.Context, string, []byte) error   { return nil }
func (vault) Delete(context.Context, string) error         { return nil }

// memory stands for that of an MSAL client: its JSON, without MSAL's own work.
type memory struct {
	Account     map[string]map[string]string `json:",omitempty"`
	AccessToken map[string]map[string]string `json:",omitempty"`
}

func (m *memory) Marshal() ([]byte, error)    { return json.Marshal(m) }
func (m *memory) Unmarshal(data []byte) error { *m = memory{}; return json.Unmarshal(data, m) }

func (m *memory) signIn(name string) {
	if m.Account == nil {
		m.Account = map[string]map[string]string{}
	}
	m.Account[name] = map[string]string{"username": name}
}

// holding is a memory with so many access tokens, of the size of Entra's.
func holding(tokens int) *memory {
	m := &memory{AccessToken: map[string]map[string]string{}}
	m.signIn("ada")
	now := time.Now().Unix()
	for n := range tokens {
		m.AccessToken[fmt.Sprint(n)] = map[string]string{
			"secret": fmt.Sprintf("%01500d", n), "expires_on": fmt.Sprint(now + 3600), "cached_at": fmt.Sprint(now), "target": "User.Read",
		}
	}
	return m
}

var sizes = []int{1, 10, 50}

func BenchmarkRead(b *testing.B) {
	for peer, open := range peers {
		for _, n := range sizes {
			b.Run(fmt.Sprintf("%s/%d-tokens", peer, n), func(b *testing.B) {
				dir := b.TempDir()
				require.NoError(b, open(b, dir).Export(b.Context(), holding(n), msal.ExportHints{}))
				var m memory
				for b.Loop() {
					// The extension skips what it has read before: a new
					// process has not.
					b.StopTimer()
					c := open(b, dir)
					b.StartTimer()
					require.NoError(b, c.Replace(b.Context(), &m, msal.ReplaceHints{}))
				}
				assert.Len(b, m.AccessToken, n)
			})
		}
	}
}

// blind is a memory that does not look at what it is given: what is left is the
// cache's own work, of which 10 tokens should take less than 100 µs.
type blind struct{ size int }

func (b *blind) Unmarshal(data []byte) error { b.size = len(data); return nil }

func BenchmarkReadAlone(b *testing.B) {
	for _, n := range sizes {
		b.Run(fmt.Sprintf("ours/%d-tokens", n), func(b *testing.B) {
			dir := b.TempDir()
			require.NoError(b, peers["ours"](b, dir).Export(b.Context(), holding(n), msal.ExportHints{}))
			var m blind
			c := peers["ours"](b, dir)
			for b.Loop() {
				require.NoError(b, c.Replace(b.Context(), &m, msal.ReplaceHints{}))
			}
			assert.Greater(b, m.size, 1500*n)
		})
	}
}

func BenchmarkWrite(b *testing.B) {
	for peer, open := range peers {
		for _, n := range sizes {
			b.Run(fmt.Sprintf("%s/%d-tokens", peer, n), func(b *testing.B) {
				c, m := open(b, b.TempDir()), holding(n)
				for i := 0; b.Loop(); i++ {
					m.signIn(fmt.Sprint("user", i%10))
					m.Account["ada"]["last"] = fmt.Sprint(i)
					require.NoError(b, c.Export(b.Context(), m, msal.ExportHints{}))
				}
			})
		}
	}
}

// together has 8 writers sign one person in each, and returns how many of them
// are not there afterwards.
func together(t testing.TB, open func(testing.TB, string) msal.ExportReplace) (lost int) {
	t.Helper()
	dir := t.TempDir()
	var wg sync.WaitGroup
	for w := range 8 {
		c := open(t, dir)
		wg.Go(func() {
			var m memory
			if c.Replace(t.Context(), &m, msal.ReplaceHints{}) == nil {
				m.signIn(fmt.Sprint(w))
				_ = c.Export(t.Context(), &m, msal.ExportHints{})
			}
		})
	}
	wg.Wait()
	var m memory
	_ = open(t, dir).Replace(t.Context(), &m, msal.ReplaceHints{})
	return 8 - len(m.Account)
}

func TestOursLosesNothing(t *testing.T) {
	for range 20 {
		require.Zero(t, together(t, peers["ours"]))
	}
}
