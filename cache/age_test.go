package cache_test

import (
	"errors"
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

// Who has removed a record knows it when it comes back, whether or not the Store
// can set it aside.
func TestRemovedRecordDoesNotComeBack(t *testing.T) {
	for name, remove := range map[string]func(*cache.Record) error{
		"deleted": func(r *cache.Record) error { return r.Delete(t.Context()) },
		"emptied": func(r *cache.Record) error {
			return r.Update(t.Context(), time.Hour, func([]byte) ([]byte, error) { return nil, nil })
		},
	} {
		for _, aside := range []bool{true, false} {
			t.Run(fmt.Sprint(name, aside), func(t *testing.T) {
				s := &faulty{}
				var store cache.Store = s
				if !aside {
					store = struct{ cache.Store }{s}
				}
				p := cache.New(store, key(1)).Partition(scope("s"))
				require.NoError(t, p.Record("x").Update(t.Context(), time.Hour, set("v")))
				name, data := s.only(t)
				require.NoError(t, remove(p.Record("x")))
				s.put(t, name, data)
				_, err := p.Record("x").Load(t.Context())
				assert.ErrorIs(t, err, cache.ErrUnreadable)
				s.put(t, name, data)
				assert.ErrorIs(t, p.Record("x").Update(t.Context(), time.Hour, set("anew")), cache.ErrUnreadable)
				assert.Equal(t, "anew", loads(t, p))
				assert.Equal(t, "anew", loads(t, cache.New(s, key(1)).Partition(scope("s"))))
			})
		}
	}
}

// No clock is set back by more than a day: what was begun before is an earlier
// record, also for a process that has not seen it.
func TestRecordOfLongAgoIsARollback(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &faulty{}
		for _, wait := range []time.Duration{23 * time.Hour, 25 * time.Hour} {
			old := cache.New(s, key(1)).Partition(scope("s"))
			store(t, old, "ancient")
			name, ancient := s.only(t)
			require.NoError(t, old.Record("x").Delete(t.Context()))
			time.Sleep(wait)
			mine := cache.New(s, key(1)).Partition(scope("s"))
			store(t, mine, "new")
			s.put(t, name, ancient)
			_, err := mine.Record("x").Load(t.Context())
			assert.Equal(t, wait > 24*time.Hour, errors.Is(err, cache.ErrUnreadable), "%s: %v", wait, err)
			require.NoError(t, mine.Record("x").Delete(t.Context()))
		}
	})
}
