package cache_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	msal "github.com/AzureAD/microsoft-authentication-library-for-go/apps/cache"
	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"
	"github.com/msalcae/msalcae/cache"
	"github.com/msalcae/msalcae/internal/acquisition"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// process is what one process has of a Store: an MSAL client of its own.
func process(t testing.TB, s cache.Store, idp *sts) public.Client {
	t.Helper()
	return idp.public(t, cache.New(s, key(1)).Partition(scope("people")).Accessor(nil, nil))
}

func TestSignInOutlivesTheProcess(t *testing.T) {
	s, idp := &cache.Memory{}, &sts{}
	signed := signIn(t, process(t, s, idp), "ann")

	next := process(t, s, idp)
	assert.Equal(t, []string{"ann"}, people(t, next))
	res, err := silently(next, signed.Account)
	require.NoError(t, err)
	assert.Equal(t, signed.AccessToken, res.AccessToken)
	assert.Equal(t, 1, idp.count(), "from the cache: MSAL's hints, which differ between the two, are ignored")

	res, err = next.AcquireTokenSilent(t.Context(), []string{read}, public.WithSilentAccount(signed.Account), public.WithClaims(`{"access_token":{"nbf":{"value":"1"}}}`))
	require.NoError(t, err)
	assert.Equal(t, "RT-ann-1", idp.requests[1].Get("refresh_token"))
	after, err := silently(process(t, s, idp), signed.Account)
	require.NoError(t, err)
	assert.Equal(t, res.AccessToken, after.AccessToken)
}

func TestSignOutLeavesNothing(t *testing.T) {
	s, idp := &faulty{}, &sts{}
	one, two := process(t, s, idp), process(t, s, idp)
	ann := signIn(t, one, "ann").Account
	bob := signIn(t, two, "bob").Account
	assert.ElementsMatch(t, []string{"ann", "bob"}, people(t, one))

	require.NoError(t, one.RemoveAccount(t.Context(), ann))
	assert.Equal(t, []string{"bob"}, people(t, two), "a removal reaches the process that had it in memory")
	_, err := silently(two, ann)
	assert.Error(t, err)
	_, err = silently(two, bob)
	assert.NoError(t, err)

	require.NoError(t, two.RemoveAccount(t.Context(), bob))
	name, _ := s.only(t)
	_, err = s.Memory.Load(t.Context(), name)
	assert.ErrorIs(t, err, cache.ErrNotFound, "the last one takes the record along")
}

func TestManyProcessesLoseNothing(t *testing.T) {
	s, idp := &cache.Memory{}, &sts{}
	var wg sync.WaitGroup
	var want []string
	for p := range 8 {
		c := process(t, s, idp)
		for n := range 5 {
			want = append(want, fmt.Sprintf("p%dn%d", p, n))
		}
		wg.Go(func() {
			for n := range 5 {
				_, err := c.AcquireTokenByAuthCode(context.Background(), fmt.Sprintf("p%dn%d", p, n), "http://localhost", []string{read})
				assert.NoError(t, err)
			}
		})
	}
	wg.Wait()
	assert.ElementsMatch(t, want, people(t, process(t, s, idp)))
}

func TestStoreThatFailsCostsPersistenceAlone(t *testing.T) {
	s, idp := &faulty{}, &sts{}
	s.breaks(errors.New("disk full"))
	var ops []string
	c := idp.public(t, cache.New(s, key(1)).Partition(scope("people")).Accessor(func(_ context.Context, op string, err error) {
		ops = append(ops, op)
		assert.ErrorContains(t, err, "disk full")
	}, nil))
	ann := signIn(t, c, "ann")
	res, err := silently(c, ann.Account)
	require.NoError(t, err)
	assert.Equal(t, ann.AccessToken, res.AccessToken)
	assert.Equal(t, 1, idp.count(), "memory goes on")
	assert.Contains(t, ops, "load")
	assert.Contains(t, ops, "store")

	s.breaks(nil)
	signIn(t, c, "bob")
	assert.ElementsMatch(t, []string{"ann", "bob"}, people(t, process(t, s, idp)), "what was not stored then is stored with the next change")
}

func TestFailureForAWhileKeepsWhatOthersDid(t *testing.T) {
	s, idp := &faulty{}, &sts{}
	mine, theirs := process(t, s, idp), process(t, s, idp)
	ann := signIn(t, mine, "ann").Account
	s.breaks(errors.New("unplugged"))
	signIn(t, mine, "bob")
	assert.ElementsMatch(t, []string{"ann", "bob"}, people(t, mine))
	s.breaks(nil)
	require.NoError(t, theirs.RemoveAccount(t.Context(), ann))
	signIn(t, theirs, "eve")
	assert.ElementsMatch(t, []string{"bob", "eve"}, people(t, mine))
	signIn(t, mine, "dan")
	assert.ElementsMatch(t, []string{"bob", "eve", "dan"}, people(t, theirs))
}

func TestCorruptRecordUnderARunningProcess(t *testing.T) {
	s, idp := &faulty{}, &sts{}
	var failures []error
	c := idp.public(t, cache.New(s, key(1)).Partition(scope("people")).Accessor(func(_ context.Context, _ string, err error) { failures = append(failures, err) }, nil))
	ann := signIn(t, c, "ann")
	name, sealed := s.only(t)
	s.put(t, name, sealed[:len(sealed)/2])

	for range 3 {
		res, err := silently(c, ann.Account)
		require.NoError(t, err)
		assert.Equal(t, ann.AccessToken, res.AccessToken)
	}
	require.Len(t, failures, 1, "it was set aside, and is not met again")
	assert.ErrorIs(t, failures[0], cache.ErrUnreadable)
	assert.Equal(t, 1, s.aside)
	signIn(t, c, "bob")
	assert.ElementsMatch(t, []string{"ann", "bob"}, people(t, process(t, s, idp)), "memory is stored anew")
}

// What a later MSAL has at the top level is unknown to us, and in memory when
// the record turns out to be lost as it is written.
func TestUnknownMembersOutliveALostRecord(t *testing.T) {
	const content = `{"Account":{"a":{"x":"y"}},"Later":[1]}`
	s := &faulty{}
	accessor := func() *cache.Accessor { return cache.New(s, key(1)).Partition(scope("people")).Accessor(nil, nil) }
	require.NoError(t, accessor().Export(t.Context(), fixed(content), msal.ExportHints{}))
	name, sealed := s.only(t)
	s.put(t, name, sealed[:len(sealed)/2])
	require.NoError(t, accessor().Export(t.Context(), fixed(content), msal.ExportHints{}))
	var m memory
	require.NoError(t, accessor().Replace(t.Context(), &m, msal.ReplaceHints{}))
	assert.JSONEq(t, content, string(m.data))
}

func TestRecordThatIsNoCache(t *testing.T) {
	// Sealed with the right key, but not what MSAL can read.
	for _, content := range []string{`null`, `[]`, `{"AccessToken":{"k":{"expires_on":[]}}}`, `{"Account":7}`} {
		s, idp := &cache.Memory{}, &sts{}
		p := cache.New(s, key(1)).Partition(scope("people"))
		require.NoError(t, p.Accessor(nil, nil).Export(t.Context(), fixed(content), msal.ExportHints{}))
		c := idp.public(t, p.Accessor(nil, nil))
		ann := signIn(t, c, "ann")
		_, err := silently(c, ann.Account)
		require.NoError(t, err)
		assert.Equal(t, 1, idp.count(), content)
	}
}

// fixed is the content of MSAL's memory.
type fixed string

func (f fixed) Marshal() ([]byte, error) { return []byte(f), nil }

// memory records what MSAL would have in memory.
type memory struct {
	data []byte
	fail bool
}

func (m *memory) Unmarshal(data []byte) error {
	if m.fail {
		panic("no")
	}
	m.data = data
	return nil
}
func (m *memory) Marshal() ([]byte, error) { return m.data, nil }

func (m *memory) sections(t *testing.T) (all map[string]map[string]map[string]any) {
	t.Helper()
	require.NoError(t, json.Unmarshal(m.data, &all))
	return all
}

func TestTooMuchIsNotStored(t *testing.T) {
	s := &cache.Memory{}
	var failed error
	a := cache.New(s, key(1)).Partition(scope("people")).Accessor(func(_ context.Context, _ string, err error) { failed = err }, nil)
	huge := fixed(`{"RefreshToken":{"r":{"secret":"` + strings.Repeat("x", 1<<20) + `"}}}`)
	require.NoError(t, a.Export(t.Context(), huge, msal.ExportHints{}))
	assert.ErrorIs(t, failed, cache.ErrTooLarge)
}

func TestCallerWhoLeavesIsNoFailure(t *testing.T) {
	a := cache.New(&cache.Memory{}, key(1)).Partition(scope("people")).Accessor(func(_ context.Context, op string, err error) { t.Error(op, err) }, nil)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	require.NoError(t, a.Replace(ended, &memory{}, msal.ReplaceHints{}))
	require.NoError(t, a.Export(ended, fixed(`{"Account":{"a":{"x":"y"}}}`), msal.ExportHints{}))
	var m memory
	require.NoError(t, a.Replace(t.Context(), &m, msal.ReplaceHints{}))
	assert.Contains(t, m.sections(t), "Account", "what a token request brought is kept, whoever left")
}

func TestMemoryThatIsNoJSON(t *testing.T) {
	s := &faulty{}
	var failed error
	a := cache.New(s, key(1)).Partition(scope("people")).Accessor(func(_ context.Context, _ string, err error) { failed = err }, nil)
	require.NoError(t, a.Export(t.Context(), fixed(`{"Account":{"a":{secret}}}`), msal.ExportHints{}))
	require.ErrorContains(t, failed, "not one JSON object")
	assert.NotContains(t, failed.Error(), "secret")
	assert.Empty(t, s.data)
}

// MSAL writes the account with every token: also that of somebody whom another
// process has signed out while the token request was under way.
func TestRenewalSignsNobodyIn(t *testing.T) {
	const ann = `{"Account":{"a":{"home_account_id":"ann"}},"RefreshToken":{"r":{"home_account_id":"ann"}}}`
	s := &faulty{}
	here := cache.New(s, key(1)).Partition(scope("people")).Accessor(nil, nil)
	there := cache.New(s, key(1)).Partition(scope("people")).Accessor(nil, nil)
	var m memory
	require.NoError(t, here.Export(t.Context(), fixed(ann), msal.ExportHints{}))
	require.NoError(t, there.Replace(t.Context(), &m, msal.ReplaceHints{}))
	require.NoError(t, there.Export(t.Context(), fixed(`{}`), msal.ExportHints{}))
	require.NoError(t, here.Replace(t.Context(), &m, msal.ReplaceHints{}))
	require.JSONEq(t, `{}`, string(m.data))

	renewal := acquisition.With(t.Context(), acquisition.Acquisition{Renewal: true})
	require.NoError(t, here.Export(renewal, fixed(ann), msal.ExportHints{}))
	require.NoError(t, there.Replace(t.Context(), &m, msal.ReplaceHints{}))
	assert.JSONEq(t, `{}`, string(m.data))

	require.NoError(t, here.Replace(t.Context(), &m, msal.ReplaceHints{}))
	require.NoError(t, here.Export(t.Context(), fixed(ann), msal.ExportHints{}))
	require.NoError(t, there.Replace(t.Context(), &m, msal.ReplaceHints{}))
	assert.JSONEq(t, ann, string(m.data), "who signs in again is")
}

func TestPanickingMemory(t *testing.T) {
	s := &cache.Memory{}
	a := cache.New(s, key(1)).Partition(scope("people")).Accessor(nil, nil)
	assert.NoError(t, a.Replace(t.Context(), &memory{fail: true}, msal.ReplaceHints{}), "MSAL's locks would stay held")
}

func TestOnBehalfOfStaysInMemory(t *testing.T) {
	s, idp := &faulty{}, &sts{}
	c := idp.confidential(t, cache.New(s, key(1)).Partition(scope("app")).Accessor(nil, nil))
	for range 3 {
		res, err := c.AcquireTokenOnBehalfOf(t.Context(), "assertion", []string{read})
		require.NoError(t, err)
		assert.Equal(t, "AT-1", res.AccessToken)
	}
	assert.Equal(t, 1, idp.count())
	assert.Empty(t, s.data)
}
