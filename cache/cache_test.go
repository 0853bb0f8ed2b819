package cache_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/msalcae/msalcae/cache"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestStoreSeesNothing(t *testing.T) {
	s := &faulty{}
	p := cache.New(s, key(1)).Partition(scope("ann@contoso.example"))
	require.NoError(t, p.Record("User.Read").Update(t.Context(), time.Hour, set("the-access-token")))
	name, data := s.only(t)
	assert.Regexp(t, regexp.MustCompile(`^[a-z2-7]{32}$`), name)
	for _, secret := range []string{"contoso", "client", "ann", "token", "User", "cp1"} {
		assert.NotContains(t, name+string(data), secret)
	}
	assert.True(t, bytes.HasPrefix(data, []byte("MSALCAE\x00\x01\x01")))
}

func TestPartitionsAreApart(t *testing.T) {
	c := cache.New(&cache.Memory{}, key(1))
	base := scope("s")
	store(t, c.Partition(base), "base")
	for name, change := range map[string]func(*cache.Scope){
		"authority": func(s *cache.Scope) { s.Authority += "2" },
		"client":    func(s *cache.Scope) { s.ClientID += "2" },
		"caps":      func(s *cache.Scope) { s.Capabilities = nil },
		"subject":   func(s *cache.Scope) { s.Subject = "" },
		"shifted":   func(s *cache.Scope) { s.Authority, s.ClientID = s.Authority+"0", s.ClientID[1:] },
	} {
		other := base
		change(&other)
		assert.Empty(t, loads(t, c.Partition(other)), name)
	}
	same := base
	same.Capabilities, same.ClientID = []string{"CP1", "cp1"}, strings.ToUpper(base.ClientID)
	assert.Equal(t, "base", loads(t, c.Partition(same)))
}

func TestEveryEditedByteIsNoticed(t *testing.T) {
	s := &faulty{}
	store(t, cache.New(s, key(1)).Partition(scope("s")), "token")
	name, sealed := s.only(t)
	for i := range sealed {
		edited := bytes.Clone(sealed)
		edited[i] ^= 1
		s.put(t, name, edited)
		got, err := cache.New(s, key(1)).Partition(scope("s")).Record("x").Load(t.Context())
		require.ErrorIs(t, err, cache.ErrUnreadable, "byte %d", i)
		require.Empty(t, got)
	}
	assert.Equal(t, len(sealed), s.aside)
	for _, cut := range []int{0, 1, 25, 26, 40, len(sealed) - 1} {
		s.put(t, name, sealed[:cut:cut])
		_, err := cache.New(s, key(1)).Partition(scope("s")).Record("x").Load(t.Context())
		require.ErrorIs(t, err, cache.ErrUnreadable, "cut off after %d", cut)
	}
}

func TestPlainTextIsNeverRead(t *testing.T) {
	s := &faulty{}
	store(t, cache.New(s, key(1)).Partition(scope("s")), "token")
	name, _ := s.only(t)
	s.put(t, name, []byte("planted"))
	data, err := cache.New(s, key(1)).Partition(scope("s")).Record("x").Load(t.Context())
	assert.ErrorIs(t, err, cache.ErrUnreadable)
	assert.Empty(t, data)
}

func TestSwappedRecordsAreNoticed(t *testing.T) {
	s := &faulty{}
	ann, bob := cache.New(s, key(1)).Partition(scope("ann")), cache.New(s, key(1)).Partition(scope("bob"))
	store(t, ann, "ann's")
	anns, _ := s.only(t)
	store(t, bob, "bob's")
	for name, data := range s.data {
		if name != anns {
			s.put(t, anns, data)
		}
	}
	_, err := ann.Record("x").Load(t.Context())
	assert.ErrorIs(t, err, cache.ErrUnreadable)
	assert.Equal(t, "bob's", loads(t, bob))
}

func TestRolledBackRecordIsNoticed(t *testing.T) {
	s := &faulty{}
	c := cache.New(s, key(1))
	p := c.Partition(scope("s"))
	store(t, p, "first")
	name, first := s.only(t)
	store(t, p, "second")
	s.put(t, name, first)
	_, err := p.Record("x").Load(t.Context())
	assert.ErrorIs(t, err, cache.ErrUnreadable)

	s.put(t, name, first)
	err = p.Record("x").Update(t.Context(), time.Hour, set("third"))
	assert.ErrorIs(t, err, cache.ErrUnreadable, "said, although it was stored")
	assert.Equal(t, "third", loads(t, p))

	s.put(t, name, first)
	assert.Equal(t, "first", loads(t, cache.New(s, key(1)).Partition(scope("s"))), "another process cannot know")
}

func TestKeyRotation(t *testing.T) {
	s := &faulty{}
	store(t, cache.New(s, key(1)).Partition(scope("s")), "old")
	oldName, _ := s.only(t)
	rotated := cache.New(s, key(2), key(1)).Partition(scope("s"))
	assert.Equal(t, "old", loads(t, rotated))

	require.NoError(t, rotated.Record("x").Update(t.Context(), time.Hour, func(old []byte) ([]byte, error) { return append(old, "er"...), nil }))
	assert.Equal(t, "older", loads(t, cache.New(s, key(2)).Partition(scope("s"))), "sealed with the new key")
	_, err := s.Memory.Load(t.Context(), oldName)
	assert.ErrorIs(t, err, cache.ErrNotFound, "nothing is left under the old one")
	assert.Empty(t, loads(t, cache.New(s, key(1)).Partition(scope("s"))))

	store(t, cache.New(s, key(1)).Partition(scope("s")), "straggler's")
	require.NoError(t, rotated.Record("x").Delete(t.Context()))
	assert.Empty(t, loads(t, rotated), "deleted under both")
}

func TestOtherKeyDisturbsNothing(t *testing.T) {
	s := &cache.Memory{}
	mine, other := cache.New(s, key(1)).Partition(scope("s")), cache.New(s, key(2)).Partition(scope("s"))
	store(t, mine, "mine")
	assert.Empty(t, loads(t, other))
	store(t, other, "other's")
	assert.Equal(t, "mine", loads(t, mine))
}

func TestWithoutKeys(t *testing.T) {
	s := &cache.Memory{}
	c := cache.New(s)
	require.NoError(t, c.Err())
	store(t, c.Partition(scope("s")), "mine")
	assert.Equal(t, "mine", loads(t, c.Partition(scope("s"))))
	assert.Empty(t, loads(t, cache.New(s).Partition(scope("s"))))
}

func TestUnusableCache(t *testing.T) {
	for name, c := range map[string]*cache.Cache{
		"short key": cache.New(&cache.Memory{}, make([]byte, 31)), "short old key": cache.New(&cache.Memory{}, key(1), nil), "no Store": cache.New(nil, key(1)),
	} {
		require.Error(t, c.Err(), name)
		p := c.Partition(scope("s"))
		_, err := p.Record("x").Load(t.Context())
		assert.ErrorIs(t, err, c.Err())
		assert.ErrorIs(t, p.Record("x").Update(t.Context(), time.Hour, set("v")), c.Err())
		assert.ErrorIs(t, p.Record("x").Delete(t.Context()), c.Err())
		_, err = p.Record("x").Lock(t.Context(), "request")
		assert.ErrorIs(t, err, c.Err())
	}
	assert.ErrorIs(t, cache.New(&cache.Memory{}, []byte("short")).Err(), cache.ErrBadKey)
}

func TestPanickingStore(t *testing.T) {
	s := &faulty{panic: true}
	_, err := cache.New(s, key(1)).Partition(scope("s")).Record("x").Load(t.Context())
	require.Error(t, err)
	assert.NotContains(t, err.Error(), "secret")
}

func TestUpdatesOfManyProcesses(t *testing.T) {
	s := &cache.Memory{}
	var wg sync.WaitGroup
	for w := range 8 {
		p := cache.New(s, key(1)).Partition(scope("s"))
		wg.Go(func() {
			for n := range 8 {
				assert.NoError(t, p.Record("x").Update(t.Context(), time.Hour, func(old []byte) ([]byte, error) {
					return fmt.Appendf(old, "%d-%d ", w, n), nil
				}))
			}
		})
	}
	wg.Wait()
	assert.Len(t, strings.Fields(loads(t, cache.New(s, key(1)).Partition(scope("s")))), 64)
}

func TestStoreErrorsArriveUnchanged(t *testing.T) {
	down := errors.New("down")
	s := &faulty{fail: down}
	p := cache.New(s, key(1)).Partition(scope("s"))
	_, err := p.Record("x").Load(t.Context())
	assert.ErrorIs(t, err, down)
	assert.ErrorIs(t, p.Record("x").Update(t.Context(), time.Hour, set("v")), down)
}

func TestLockOfPartitions(t *testing.T) {
	c := cache.New(&cache.Memory{}, key(1))
	unlock, err := c.Partition(scope("s")).Record("x").Lock(t.Context(), "request")
	require.NoError(t, err)
	for _, free := range []func() (func(), error){
		func() (func(), error) { return c.Partition(scope("s")).Record("x").Lock(t.Context(), "prompt") },
		func() (func(), error) { return c.Partition(scope("s")).Record("x", "").Lock(t.Context(), "request") },
		func() (func(), error) { return c.Partition(scope("other")).Record("x").Lock(t.Context(), "request") },
	} {
		u, err := free()
		require.NoError(t, err)
		u()
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = c.Partition(scope("s")).Record("x").Lock(ended, "request")
	assert.ErrorIs(t, err, context.Canceled)
	unlock()
}

func TestUpdates(t *testing.T) {
	s := &faulty{}
	r := cache.New(s, key(1)).Partition(scope("s")).Record("x")
	require.NoError(t, r.Delete(t.Context()), "there is none")
	require.NoError(t, r.Update(t.Context(), time.Hour, func(old []byte) ([]byte, error) {
		assert.Nil(t, old)
		return nil, nil
	}))
	assert.Empty(t, s.data, "nothing to nothing")
	require.NoError(t, r.Update(t.Context(), time.Hour, set("v")))
	_, first := s.only(t)
	require.NoError(t, r.Update(t.Context(), time.Hour, set("v")))
	_, same := s.only(t)
	assert.Equal(t, first, same, "what stays the same is not written")
	own := errors.New("own")
	assert.ErrorIs(t, r.Update(t.Context(), time.Hour, func([]byte) ([]byte, error) { return nil, own }), own)
	assert.ErrorIs(t, r.Update(t.Context(), time.Hour, set(strings.Repeat("x", 1<<20+1))), cache.ErrTooLarge)
	assert.Equal(t, "v", loads(t, cache.New(s, key(1)).Partition(scope("s"))))
	require.NoError(t, r.Update(t.Context(), time.Hour, func([]byte) ([]byte, error) { return nil, nil }))
	assert.Empty(t, loads(t, cache.New(s, key(1)).Partition(scope("s"))))
}
