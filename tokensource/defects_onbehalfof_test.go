package tokensource

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"time"

	msalcache "github.com/AzureAD/microsoft-authentication-library-for-go/apps/cache"
	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"
	"github.com/msalcae/msalcae"
	"github.com/msalcae/msalcae/cache"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// D4: MSAL writes the tokens of one person into the place of another, and then
// cannot read them, if its cache is kept anywhere but in memory. Ours has no
// such cache below it; over a client that somebody else built with one, the
// error says what to do.
func TestD4OnBehalfOfWithExternalCache(t *testing.T) {
	ctx := context.Background()
	cred, err := confidential.NewCredFromSecret("x")
	require.NoError(t, err)
	s := &scriptedEntra{answer: onBehalf}
	store := func() *partitions { return &partitions{kept: map[string][]byte{}} }
	raw := func(accessor msalcache.ExportReplace) confidential.Client {
		c, err := confidential.New(testAuthority, "id", cred, confidential.WithInstanceDiscovery(false), confidential.WithHTTPClient(&http.Client{Transport: s}),
			confidential.WithClientCapabilities([]string{"cp1"}), confidential.WithCache(accessor))
		require.NoError(t, err)
		return c
	}
	ada := assertionOf("ada", time.Now().Add(time.Hour))
	msal := raw(store())
	_, err = msal.AcquireTokenOnBehalfOf(ctx, ada, []string{"api://b/.default"})
	require.NoError(t, err)
	_, err = msal.AcquireTokenOnBehalfOf(ctx, ada, []string{"api://b/.default"})
	require.Error(t, err, "MSAL does not show the defect any more")

	wrapped := WrapConfidential(raw(store())).OnBehalfOf(ada, "api://b/.default")
	_, err = wrapped.Token(ctx, msalcae.TokenRequest{})
	require.NoError(t, err)
	_, err = wrapped.Token(ctx, msalcae.TokenRequest{})
	require.NoError(t, err, "from our own memory")
	_, err = wrapped.Token(ctx, msalcae.TokenRequest{Claims: laterNbf, Rejected: "at-3-of-ada"})
	require.ErrorIs(t, err, msalcae.ErrMisconfigured)
	assert.ErrorContains(t, err, "NewConfidential")

	kept := &cache.Memory{}
	for name, c := range map[string]*Confidential{
		"built": confidentialOver(t, s), "wrapped": WrapConfidential(raw(&Accessor{Store: store()})),
		"with a cache": confidentialOver(t, s, func(cfg *ConfidentialConfig) { cfg.Cache = cache.New(kept) }),
	} {
		before, rejected := s.count(), ""
		for _, claims := range []string{"", laterNbf, `{"access_token":{"acrs":{"essential":true,"value":"c1"}}}`} {
			tok, err := c.OnBehalfOf(ada, "api://b/.default").Token(ctx, msalcae.TokenRequest{Claims: claims, Rejected: rejected})
			require.NoError(t, err, name)
			rejected = tok.Value
		}
		assert.Equal(t, 3, s.count()-before, name)
	}
}

// partitions is a store as MSAL's documentation describes one: an entry for
// each key that it hints at.
type partitions struct {
	mu   sync.Mutex
	kept map[string][]byte
}

func (p *partitions) Replace(_ context.Context, into msalcache.Unmarshaler, hints msalcache.ReplaceHints) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	data, ok := p.kept[hints.PartitionKey]
	if !ok {
		return nil
	}
	return into.Unmarshal(data)
}

func (p *partitions) Export(_ context.Context, from msalcache.Marshaler, hints msalcache.ExportHints) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	data, err := from.Marshal()
	p.kept[hints.PartitionKey] = data
	return err
}
