package tokensource

import (
	"context"
	"fmt"
	"testing"
	"time"

	msal "github.com/AzureAD/microsoft-authentication-library-for-go/apps/cache"
	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"
	"github.com/msalcae/msalcae"
	"github.com/msalcae/msalcae/cache"
	"github.com/msalcae/msalcae/tokensource/internal/engine"
	"github.com/msalcae/msalcae/tokensource/internal/entra"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A memory is MSAL's.
type memory struct{ all []byte }

func (m *memory) AllAccounts() []public.Account { return nil }
func (m *memory) Marshal() ([]byte, error)      { return m.all, nil }
func (m *memory) Unmarshal(all []byte) error    { m.all = all; return nil }

// having is the memory of an MSAL that has got tokens.
func having(tokens ...string) *memory {
	m := `{"AccessToken":{`
	for n, tok := range tokens {
		m += fmt.Sprintf(`"%d":{"secret":%q,"expires_on":"%d"},`, n, tok, time.Now().Add(time.Hour).Unix())
	}
	return &memory{[]byte(m[:len(m)-1] + `}}`)}
}

// A process that has heard of no refusal writes what it has; who has heard of it
// neither takes a refused token from there nor leaves it there.
func TestVoidedTokenLeavesTheCacheAgain(t *testing.T) {
	shared := cache.New(new(cache.Memory), make([]byte, 32))
	process := func() *kept {
		return newKept(shared, "people", entra.Authority{URL: "https://login.example/t/"}, "client", nil)
	}
	ctx := t.Context()
	another := process().accessor()
	require.NoError(t, another.Replace(ctx, &memory{}, msal.ReplaceHints{}))
	require.NoError(t, another.Export(ctx, having("token-1", "token-2"), msal.ExportHints{}))

	k, n := process(), 0
	s := newSource(nil, engine.Flow{Voids: k.voids(), Acquire: func(context.Context, msalcae.TokenRequest) (*msalcae.Token, error) {
		n++
		return &msalcae.Token{Value: fmt.Sprint("token-", n), ExpiresOn: time.Now().Add(time.Hour)}, nil
	}})
	tok, err := s.Token(ctx, msalcae.TokenRequest{})
	require.NoError(t, err)
	_, err = s.Token(ctx, msalcae.TokenRequest{Claims: "{}", Rejected: tok.Value})
	require.NoError(t, err)

	ours, m := k.accessor(), new(memory)
	require.NoError(t, ours.Replace(ctx, m, msal.ReplaceHints{}))
	assert.NotContains(t, string(m.all), tok.Value)
	assert.Contains(t, string(m.all), "token-2")
	require.NoError(t, ours.Export(ctx, m, msal.ExportHints{}))
	m = new(memory)
	require.NoError(t, process().accessor().Replace(ctx, m, msal.ReplaceHints{}))
	assert.NotContains(t, string(m.all), tok.Value, "not even where nobody knows")
	assert.Contains(t, string(m.all), "token-2")
}
