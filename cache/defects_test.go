package cache_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"testing"
	"time"

	msal "github.com/AzureAD/microsoft-authentication-library-for-go/apps/cache"
	"github.com/msalcae/msalcae/cache"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What MSAL 1.10.1 does with an accessor as its documentation suggests one, so
// that a version that does otherwise is noticed.
func TestMSALDefects(t *testing.T) {
	t.Run("on behalf of others fails from the second call", func(t *testing.T) {
		idp := &sts{}
		c := idp.confidential(t, &naive{})
		_, err := c.AcquireTokenOnBehalfOf(t.Context(), "assertion", []string{read})
		require.NoError(t, err)
		_, err = c.AcquireTokenOnBehalfOf(t.Context(), "assertion", []string{read})
		assert.ErrorContains(t, err, "AdditionalFields")
	})
	t.Run("partition hints disagree", func(t *testing.T) {
		idp := &sts{}
		n := &naive{}
		ann := signIn(t, idp.public(t, n), "ann")
		_, err := silently(idp.public(t, n), ann.Account)
		assert.ErrorContains(t, err, "no token found")
	})
	t.Run("an error of the cache costs the token", func(t *testing.T) {
		idp := &sts{}
		_, err := idp.confidential(t, &naive{fail: true}).AcquireTokenByCredential(t.Context(), []string{read})
		assert.ErrorIs(t, err, os.ErrPermission)
		assert.Equal(t, 1, idp.count())
	})
	t.Run("a token that was cached in the future is not used", func(t *testing.T) {
		s, idp := &cache.Memory{}, &sts{}
		p := cache.New(s, key(1)).Partition(scope("app"))
		ahead := func(raw bool) int {
			var m memory
			require.NoError(t, p.Accessor(nil, nil).Replace(t.Context(), &m, msal.ReplaceHints{}))
			all := m.sections(t)
			for _, e := range all["AccessToken"] {
				e["cached_at"] = fmt.Sprint(time.Now().Unix() + 60)
			}
			data, err := json.Marshal(all)
			require.NoError(t, err)
			var accessor msal.ExportReplace = &naive{all: data}
			if !raw {
				other := cache.New(s, key(1)).Partition(scope("ahead"))
				require.NoError(t, other.Accessor(nil, nil).Export(t.Context(), fixed(data), msal.ExportHints{}))
				accessor = other.Accessor(nil, nil)
			}
			before := idp.count()
			_, err = idp.confidential(t, accessor).AcquireTokenByCredential(t.Context(), []string{read})
			require.NoError(t, err)
			return idp.count() - before
		}
		_, err := idp.confidential(t, p.Accessor(nil, nil)).AcquireTokenByCredential(t.Context(), []string{read})
		require.NoError(t, err)
		assert.Equal(t, 1, ahead(true))
		assert.Equal(t, 0, ahead(false), "an Accessor takes it for one of now")
	})
}

// naive keeps partitions as MSAL's hints say, in memory.
type naive struct {
	fail bool
	all  []byte // of every partition; nil: by partition
	keys map[string][]byte
}

func (n *naive) Replace(_ context.Context, m msal.Unmarshaler, h msal.ReplaceHints) error {
	if n.all != nil {
		return m.Unmarshal(n.all)
	}
	if data := n.keys[h.PartitionKey]; data != nil {
		return m.Unmarshal(data)
	}
	return nil
}

func (n *naive) Export(_ context.Context, m msal.Marshaler, h msal.ExportHints) error {
	if n.fail {
		return os.ErrPermission
	}
	if n.keys == nil {
		n.keys = map[string][]byte{}
	}
	data, err := m.Marshal()
	n.keys[h.PartitionKey] = data
	return err
}
