package tokensource_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"
	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"
	"github.com/msalcae/msalcae"
	"github.com/msalcae/msalcae/cache"
	"github.com/msalcae/msalcae/entratest"
	"github.com/msalcae/msalcae/tokensource"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestNextProcessNeedsNoRequest(t *testing.T) {
	e, d := newEntra(t), &disk{}
	first := e.publicOn(d, e.browser())
	assert.Equal(t, 200, e.get(e.api(first.Account(public.Account{}, e.Scope())), "/me"))

	before := e.Stats()
	next := e.publicOn(d, nil)
	assert.Equal(t, 200, e.get(e.api(next.Account(public.Account{}, e.Scope())), "/me"))
	spent := e.Stats().Sub(before)
	assert.Zero(t, spent.TokenRequests)
	assert.Zero(t, spent.DiscoveryRequests, "not even MSAL was needed")

	assert.Equal(t, 200, e.get(e.api(e.publicOn(d, nil).Account(public.Account{}, e.mailScope())), "/me"))
	spent = e.Stats().Sub(before)
	assert.Equal(t, 1, spent.RefreshRequests, "for other scopes there is the refresh token")
	assert.Zero(t, spent.AuthorizeRequests)
}

func TestSignInServesTheNextProcess(t *testing.T) {
	e, d := newEntra(t), &disk{}
	_, err := e.publicOn(d, e.browser()).SignIn(testContext(t), e.Scope())
	require.NoError(t, err)
	before := e.Stats()
	assert.Equal(t, 200, e.get(e.api(e.publicOn(d, nil).Account(public.Account{}, e.Scope())), "/me"))
	assert.Zero(t, e.Stats().Sub(before).TokenRequests)
}

func TestColdProcessesShareOneRequest(t *testing.T) {
	e, d := newEntra(t), &disk{}
	var wg sync.WaitGroup
	for range 8 {
		source := e.confidentialOn(d).App(e.Scope())
		wg.Go(func() {
			_, err := source.Token(testContext(t), msalcae.TokenRequest{})
			assert.NoError(t, err)
		})
	}
	wg.Wait()
	assert.Equal(t, 1, e.Stats().TokenRequests)
}

func TestColdProcessesShowOnePrompt(t *testing.T) {
	e, d := newEntra(t), &disk{}
	var wg sync.WaitGroup
	for range 6 {
		source := e.publicOn(d, e.browser()).Account(public.Account{}, e.Scope())
		wg.Go(func() {
			_, err := source.Token(testContext(t), msalcae.TokenRequest{})
			assert.NoError(t, err)
		})
	}
	wg.Wait()
	assert.Equal(t, 1, e.Stats().Prompts)
	assert.Equal(t, 1, e.Stats().TokenRequests)
}

func TestVoidedTokenIsNotSentByTheNextProcess(t *testing.T) {
	e, d := newEntra(t), &disk{}
	first := e.publicOn(d, e.browser())
	_, err := first.SignIn(testContext(t), e.Scope())
	require.NoError(t, err)
	e.Revoke(e.Username())
	_, err = e.api(e.publicOn(d, nil).Account(public.Account{}, e.Scope())).Get(e.API() + "/me")
	var challenge *msalcae.ChallengeError
	require.ErrorAs(t, err, &challenge, "nobody can be asked")

	before := e.Stats()
	_, err = e.api(e.publicOn(d, nil).Account(public.Account{}, e.Scope())).Get(e.API() + "/me")
	require.ErrorIs(t, err, msalcae.ErrInteractionRequired)
	assert.Zero(t, e.Stats().Sub(before).APICalls, "the token that was refused is not sent again")
}

func TestLoginInAnotherProcessBringsTheClaims(t *testing.T) {
	e, d := newEntra(t), &disk{}
	first := e.publicOn(d, e.browser())
	_, err := first.SignIn(testContext(t), e.Scope())
	require.NoError(t, err)
	e.Revoke(e.Username())
	_, err = e.api(e.publicOn(d, nil).Account(public.Account{}, e.Scope())).Get(e.API() + "/me")
	var challenge *msalcae.ChallengeError
	require.ErrorAs(t, err, &challenge)

	_, err = e.publicOn(d, e.browser()).SignIn(testContext(t), e.Scope())
	require.NoError(t, err)
	asked := e.Requests(entratest.AuthorizeEndpoint)
	assert.Contains(t, asked[len(asked)-1].Claims, "nbf", "the claims of the process that failed")
	assert.Equal(t, 200, e.get(e.api(e.publicOn(d, nil).Account(public.Account{}, e.Scope())), "/me"))
}

func TestSignOutLeavesNoRecord(t *testing.T) {
	e, d := newEntra(t), &disk{}
	p := e.publicOn(d, e.browser())
	a, err := p.SignIn(testContext(t), e.Scope())
	require.NoError(t, err)
	assert.Equal(t, 200, e.get(e.api(p.Account(a, e.Scope())), "/me"))
	require.NotZero(t, d.left())

	other := e.publicOn(d, nil)
	d.broken = true
	err = other.SignOut(testContext(t), a)
	require.ErrorIs(t, err, errDiskFull, "what stays is said")
	assertNoSecret(t, err, nil)
	d.broken = false
	require.NoError(t, e.publicOn(d, nil).SignOut(testContext(t), a))
	assert.Zero(t, d.left())
	_, err = e.publicOn(d, nil).Account(a, e.Scope()).Token(testContext(t), msalcae.TokenRequest{})
	assert.ErrorIs(t, err, msalcae.ErrInteractionRequired)
	all, err := e.publicOn(d, nil).Accounts(testContext(t))
	require.NoError(t, err)
	assert.Empty(t, all)
}

// MSAL writes the account with every token: a refresh in one process must not
// undo the sign-out in another.
func TestSignOutDuringARefreshElsewhere(t *testing.T) {
	e, d := newEntra(t), &disk{}
	p := e.publicOn(d, e.browser())
	a, err := p.SignIn(testContext(t), e.Scope())
	require.NoError(t, err)
	source := e.publicOn(d, nil).Account(a, e.Scope())
	tok, err := source.Token(testContext(t), msalcae.TokenRequest{})
	require.NoError(t, err)

	e.FailToken(-1, entratest.Fault{Delay: 500 * time.Millisecond})
	asked := e.Stats().TokenRequests
	done := make(chan error)
	go func() {
		_, err := source.Token(testContext(t), msalcae.TokenRequest{Rejected: tok.Value, Claims: `{"access_token":{"nbf":{"essential":true,"value":"1"}}}`})
		done <- err
	}()
	require.Eventually(t, func() bool { return e.Stats().TokenRequests > asked }, 5*time.Second, time.Millisecond)
	require.NoError(t, p.SignOut(testContext(t), a))
	assert.ErrorIs(t, <-done, msalcae.ErrInteractionRequired)
	all, err := e.publicOn(d, nil).Accounts(testContext(t))
	require.NoError(t, err)
	assert.Empty(t, all)

	e.ClearFaults()
	_, err = p.SignIn(testContext(t), e.Scope())
	require.NoError(t, err)
	assert.Equal(t, 200, e.get(e.api(e.publicOn(d, nil).Account(public.Account{}, e.Scope())), "/me"), "who comes back is")
}

func TestBrokenCacheCostsNoCall(t *testing.T) {
	e, d := newEntra(t), &disk{broken: true}
	var mu sync.Mutex
	var failures []msalcae.CacheFailedInfo
	trace := &msalcae.Trace{CacheFailed: func(_ context.Context, i msalcae.CacheFailedInfo) {
		mu.Lock()
		defer mu.Unlock()
		failures = append(failures, i)
	}}
	p := e.publicOn(d, e.browser())
	for _, scope := range []string{e.Scope(), e.mailScope(), e.Scope()} {
		source := p.Account(public.Account{}, scope)
		tok, err := source.Token(testContext(t), msalcae.TokenRequest{Trace: trace})
		require.NoError(t, err)
		_, err = source.Token(testContext(t), msalcae.TokenRequest{Trace: trace, Rejected: tok.Value, Claims: `{"access_token":{"nbf":{"essential":true,"value":"1"}}}`})
		require.NoError(t, err)
	}
	assert.Equal(t, 1, e.Stats().Prompts, "who signed in stays so in memory")
	require.Len(t, failures, 1, "said once, for all sources")
	assert.Equal(t, "store", failures[0].Op)
	assert.ErrorIs(t, failures[0].Err, errDiskFull)
}

func TestUnreadableCacheCostsNoCall(t *testing.T) {
	e, d := newEntra(t), &disk{}
	_, err := e.publicOn(d, e.browser()).SignIn(testContext(t), e.Scope())
	require.NoError(t, err)
	d.spoil(t)
	var failures []error
	trace := &msalcae.Trace{CacheFailed: func(_ context.Context, i msalcae.CacheFailedInfo) { failures = append(failures, i.Err) }}
	p := e.publicOn(d, e.browser())
	_, err = p.Account(public.Account{}, e.Scope()).Token(testContext(t), msalcae.TokenRequest{Trace: trace})
	require.NoError(t, err)
	assert.Equal(t, 2, e.Stats().AuthorizeRequests, "nobody is signed in any more")
	require.Len(t, failures, 1)
	assert.ErrorIs(t, failures[0], cache.ErrUnreadable)

	_, err = e.publicOn(d, nil).Account(public.Account{}, e.Scope()).Token(testContext(t), msalcae.TokenRequest{})
	assert.NoError(t, err, "kept anew")
}

func TestUnreadableRecordOfAnApplication(t *testing.T) {
	e, d := newEntra(t), &disk{}
	_, err := e.confidentialOn(d).App(e.Scope()).Token(testContext(t), msalcae.TokenRequest{})
	require.NoError(t, err)
	d.spoil(t)
	failures := 0
	trace := &msalcae.Trace{CacheFailed: func(context.Context, msalcae.CacheFailedInfo) { failures++ }}
	_, err = e.confidentialOn(d).App(e.Scope()).Token(testContext(t), msalcae.TokenRequest{Trace: trace})
	require.NoError(t, err)
	assert.Equal(t, 1, failures)
	_, err = e.confidentialOn(d).App(e.Scope()).Token(testContext(t), msalcae.TokenRequest{Trace: trace})
	require.NoError(t, err)
	assert.Equal(t, 2, e.Stats().TokenRequests, "kept anew by the second")
}

func TestPeopleAndApplicationsAreApart(t *testing.T) {
	e, d := newEntra(t), &disk{}
	_, err := e.publicOn(d, e.browser()).SignIn(testContext(t), e.Scope())
	require.NoError(t, err)
	tok, err := e.confidentialOn(d).App(e.Scope()).Token(testContext(t), msalcae.TokenRequest{})
	require.NoError(t, err)
	assert.NotEmpty(t, tok.Value)
	assert.Equal(t, 1, e.Stats().ClientCredentialsRequests)
}

func TestUnusableCacheIsRefused(t *testing.T) {
	short := cache.New(&cache.Memory{}, []byte("short"))
	_, err := tokensource.NewPublic(tokensource.PublicConfig{Authority: "https://login.microsoftonline.com/x", ClientID: "c", Cache: short})
	assert.ErrorIs(t, err, msalcae.ErrMisconfigured)
	assert.ErrorIs(t, err, cache.ErrBadKey)
	cred, err := confidential.NewCredFromSecret("s")
	require.NoError(t, err)
	_, err = tokensource.NewConfidential(tokensource.ConfidentialConfig{Authority: "https://login.microsoftonline.com/x", ClientID: "c", Credential: cred, Cache: short})
	assert.ErrorIs(t, err, cache.ErrBadKey)
}
