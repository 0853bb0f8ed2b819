package cache_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/msalcae/msalcae/cache"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A record that was removed, by whomever, and made anew is no earlier one, by
// whatever clock. And what was removed does not come back unnoticed.
func TestRecordThatIsMadeAnewIsNoRollback(t *testing.T) {
	empty := func([]byte) ([]byte, error) { return nil, nil }
	for name, remove := range map[string]func(t *testing.T, s *faulty, theirs *cache.Record) error{
		"deleted": func(t *testing.T, _ *faulty, theirs *cache.Record) error { return theirs.Delete(t.Context()) },
		"emptied": func(t *testing.T, _ *faulty, theirs *cache.Record) error {
			return theirs.Update(t.Context(), time.Hour, empty)
		},
		"lost": func(t *testing.T, s *faulty, _ *cache.Record) error {
			name, _ := s.only(t)
			return s.Delete(t.Context(), name)
		},
	} {
		for _, back := range []time.Duration{0, 5 * time.Second, 14 * time.Hour} {
			t.Run(fmt.Sprint(name, back), func(t *testing.T) {
				s := &faulty{}
				mine, theirs, third := cache.New(s, key(1)), cache.New(s, key(1)), cache.New(s, key(1))
				of := func(c *cache.Cache) *cache.Partition { return c.Partition(scope("s")) }
				var recordName string
				var first []byte
				synctest.Test(t, func(t *testing.T) {
					time.Sleep(back)
					store(t, of(mine), "first")
					recordName, first = s.only(t)
					for n := range 5 {
						store(t, of(mine), fmt.Sprint("more", n))
					}
					require.Equal(t, "more4", loads(t, of(theirs)))
					require.NoError(t, remove(t, s, of(theirs).Record("x")))
					require.Empty(t, loads(t, of(mine)))
				})
				synctest.Test(t, func(t *testing.T) { // where the clock begins anew
					time.Sleep(time.Millisecond)
					store(t, of(third), "anew")
					for _, c := range []*cache.Cache{mine, theirs, third} {
						assert.Equal(t, "anew", loads(t, of(c)))
					}
					store(t, of(mine), "and on")
					for _, c := range []*cache.Cache{mine, theirs, third} {
						assert.Equal(t, "and on", loads(t, of(c)))
					}
					for _, c := range []*cache.Cache{mine, theirs} {
						s.put(t, recordName, first)
						_, err := of(c).Record("x").Load(t.Context())
						assert.ErrorIs(t, err, cache.ErrUnreadable)
					}
				})
			})
		}
	}
}

// Who has removed a record knows it when it comes back.
func TestRemovedRecordDoesNotComeBack(t *testing.T) {
	s := &faulty{}
	p := cache.New(s, key(1)).Partition(scope("s"))
	store(t, p, "v")
	name, data := s.only(t)
	require.NoError(t, p.Record("x").Delete(t.Context()))
	s.put(t, name, data)
	_, err := p.Record("x").Load(t.Context())
	assert.ErrorIs(t, err, cache.ErrUnreadable)
	s.put(t, name, data)
	assert.ErrorIs(t, p.Record("x").Update(t.Context(), time.Hour, set("anew")), cache.ErrUnreadable)
	assert.Equal(t, "anew", loads(t, p))
	assert.Equal(t, "anew", loads(t, cache.New(s, key(1)).Partition(scope("s"))))
}
