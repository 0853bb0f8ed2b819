package tokensource_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"
	"github.com/msalcae/msalcae"
	"github.com/msalcae/msalcae/entratest"
	"github.com/msalcae/msalcae/tokensource"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const grace = "grace@contoso.test"

// A seat is a Prompt in front of which the named person sits.
type seat struct {
	e     entra
	who   atomic.Value // string
	open  atomic.Int32 // sign-ins open
	most  atomic.Int32
	shown atomic.Int32
}

func newSeat(e entra, who string) *seat {
	s := &seat{e: e}
	s.who.Store(who)
	return s
}

func (s *seat) SignIn(ctx context.Context, req tokensource.PromptRequest) (public.AuthResult, error) {
	s.shown.Add(1)
	s.most.Store(max(s.most.Load(), s.open.Add(1)))
	defer s.open.Add(-1)
	return (&tokensource.Browser{Open: func(url string) error { return s.e.SignInAs(url, s.who.Load().(string)) }}).SignIn(ctx, req)
}

func names(accounts []public.Account) string {
	var all []string
	for _, a := range accounts {
		all = append(all, a.PreferredUsername)
	}
	return strings.Join(all, " ")
}

func TestAccountsComeAndGo(t *testing.T) {
	e := newEntra(t)
	ctx := testContext(t)
	at := newSeat(e, grace)
	p := e.public(at)
	all, err := p.Accounts(ctx)
	require.NoError(t, err)
	assert.Empty(t, all)
	require.NoError(t, p.SignOut(ctx, public.Account{}), "nobody to sign out")

	g, err := p.SignIn(ctx, e.Scope())
	require.NoError(t, err)
	at.who.Store(e.Username())
	ada, err := p.SignIn(ctx, e.Scope())
	require.NoError(t, err)
	all, err = p.Accounts(ctx)
	require.NoError(t, err)
	assert.Equal(t, e.Username()+" "+grace, names(all))

	before := e.Stats()
	for _, who := range []public.Account{g, ada, {HomeAccountID: strings.ToUpper(g.HomeAccountID)}} {
		_, err := p.Account(who, e.Scope()).Token(ctx, msalcae.TokenRequest{})
		if who.Realm != "" {
			require.NoError(t, err)
		}
	}
	assert.Zero(t, e.Stats().Sub(before).AuthorizeRequests, "both are signed in")

	source := p.Account(g, e.Scope())
	require.NoError(t, p.SignOut(ctx, g))
	require.NoError(t, p.SignOut(ctx, g), "once more")
	all, err = p.Accounts(ctx)
	require.NoError(t, err)
	assert.Equal(t, e.Username(), names(all))
	_, err = source.Token(ctx, msalcae.TokenRequest{NoPrompt: true})
	require.ErrorIs(t, err, msalcae.ErrInteractionRequired, "her tokens are gone, also from the source")
	require.ErrorIs(t, p.SignOut(ctx, public.Account{PreferredUsername: grace}), msalcae.ErrMisconfigured)
}

// The zero Account is one person for all of its sources.
func TestZeroAccountIsOnePerson(t *testing.T) {
	e := newEntra(t)
	ctx := testContext(t)
	at := newSeat(e, grace)
	p := e.public(at)
	read, openid := p.Account(public.Account{}, e.Scope()), p.Account(public.Account{}, "openid")

	_, err := openid.Token(ctx, msalcae.TokenRequest{NoPrompt: true})
	require.ErrorIs(t, err, msalcae.ErrInteractionRequired)
	_, err = read.Token(ctx, msalcae.TokenRequest{}) // a prompt binds her
	require.NoError(t, err)
	graces, err := openid.Token(ctx, msalcae.TokenRequest{NoPrompt: true})
	require.NoError(t, err, "signed in for one, signed in for all, at once")
	require.EqualValues(t, 1, at.shown.Load())

	at.who.Store(e.Username())
	ada, err := p.SignIn(ctx, e.Scope())
	require.NoError(t, err)
	adas, err := openid.Token(ctx, msalcae.TokenRequest{NoPrompt: true})
	require.NoError(t, err)
	assert.NotEqual(t, graces.Value, adas.Value, "the person changed, and with her every source's token")
	api := e.api(read)
	require.Equal(t, 200, e.get(api, "/me"))
	calls := e.Requests(entratest.APIEndpoint)
	assert.Equal(t, e.Username(), calls[len(calls)-1].Account)

	require.NoError(t, p.SignOut(ctx, public.Account{}))
	all, err := p.Accounts(ctx)
	require.NoError(t, err)
	assert.Equal(t, grace, names(all), "ada, whom the zero Account stood for, is gone: %s", ada.PreferredUsername)
	_, err = read.Token(ctx, msalcae.TokenRequest{NoPrompt: true})
	require.ErrorIs(t, err, msalcae.ErrInteractionRequired, "nobody goes on as grace because ada signed out")
	require.NoError(t, p.SignOut(ctx, public.Account{}), "nobody is there to sign out")
	all, err = p.Accounts(ctx)
	require.NoError(t, err)
	assert.Equal(t, grace, names(all))
	at.who.Store(grace)
	require.Equal(t, 200, e.get(api, "/me"), "whoever signs in is next")
}

// With several accounts in the cache and nobody chosen a person is asked.
func TestZeroAccountOfSeveral(t *testing.T) {
	e := newEntra(t)
	ctx := testContext(t)
	client := e.rawPublic()
	for _, who := range []string{grace, e.Username()} {
		_, err := client.AcquireTokenInteractive(ctx, []string{e.Scope()}, public.WithOpenURL(func(url string) error { return e.SignInAs(url, who) }))
		require.NoError(t, err)
	}
	_, err := tokensource.WrapPublic(client, nil).Account(public.Account{}, e.Scope()).Token(ctx, msalcae.TokenRequest{})
	require.ErrorIs(t, err, msalcae.ErrInteractionRequired)
	assert.ErrorContains(t, err, "several accounts")

	at := newSeat(e, grace)
	p := tokensource.WrapPublic(client, at)
	require.Equal(t, 200, e.get(e.api(p.Account(public.Account{}, e.Scope())), "/me"))
	assert.EqualValues(t, 1, at.shown.Load())
	require.ErrorContains(t, tokensource.WrapPublic(client, nil).SignOut(ctx, public.Account{}), "several accounts")
}

// Sources of several clients that show their sign-ins in one place do so one
// after another.
func TestOnePromptAtATime(t *testing.T) {
	e := newEntra(t)
	at := newSeat(e, e.Username())
	errs := make(chan error)
	const n = 6
	for i := range n {
		p := e.public(at)
		go func() {
			if i%2 == 0 {
				_, err := p.SignIn(testContext(t), e.Scope())
				errs <- err
				return
			}
			_, err := p.Account(public.Account{}, e.Scope()).Token(testContext(t), msalcae.TokenRequest{})
			errs <- err
		}()
	}
	for range n {
		require.NoError(t, <-errs)
	}
	assert.EqualValues(t, n, at.shown.Load())
	assert.EqualValues(t, 1, at.most.Load())
}

// A sign-in takes the claims along that a source waits for, and what it brings
// is that source's.
func TestSignInCarriesPendingClaims(t *testing.T) {
	e := newEntra(t)
	ctx := testContext(t)
	p := e.public(e.browser())
	ada, err := p.SignIn(ctx, e.Scope())
	require.NoError(t, err)
	for name, source := range map[string]*tokensource.Source{"zero": p.Account(public.Account{}, e.Scope()), "named": p.Account(ada, e.Scope())} {
		t.Run(name, func(t *testing.T) {
			tok, err := source.Token(ctx, msalcae.TokenRequest{})
			require.NoError(t, err)
			e.Revoke(e.Username())
			_, err = source.Token(ctx, msalcae.TokenRequest{NoPrompt: true, Rejected: tok.Value, Claims: `{"access_token":{"nbf":{"essential":true,"value":"1604106651"}}}`})
			require.ErrorIs(t, err, msalcae.ErrInteractionRequired)

			again, err := p.SignIn(ctx, e.Scope())
			require.NoError(t, err)
			assert.Equal(t, ada.HomeAccountID, again.HomeAccountID)
			asked := e.Requests(entratest.AuthorizeEndpoint)
			assert.Contains(t, asked[len(asked)-1].Claims, "1604106651")
			before := e.Stats()
			require.Equal(t, 200, e.get(e.api(source), "/me"))
			assert.Zero(t, e.Stats().Sub(before).TokenRequests)
		})
	}
	before := len(e.Requests(entratest.AuthorizeEndpoint))
	_, err = p.SignIn(ctx, e.Scope())
	require.NoError(t, err)
	assert.NotContains(t, e.Requests(entratest.AuthorizeEndpoint)[before].Claims, "1604106651", "obtained, and not asked for again")
}

// A step-up ends in one prompt, with the claims.
func TestStepUp(t *testing.T) {
	e := newEntra(t)
	p := e.public(e.browser())
	_, err := p.SignIn(testContext(t), e.Scope())
	require.NoError(t, err)
	api := e.api(p.Account(public.Account{}, e.Scope()))
	require.Equal(t, 200, e.get(api, "/me"))
	before := e.Stats()
	e.RequireAuthContext("c1")
	require.Equal(t, 200, e.get(api, "/me"))
	d := e.Stats().Sub(before)
	assert.Equal(t, 1, d.AuthorizeRequests)
	assert.Equal(t, 1, d.Challenges)

	before = e.Stats()
	e.RequireAuthContext("c1", "c2")
	require.Equal(t, 200, e.get(api, "/me"))
	assert.Zero(t, e.Stats().Sub(before).Challenges, "c1 is one of them")
	e.RequireAuthContext("c2", "c3")
	require.Equal(t, 200, e.get(api, "/me"))
	assert.Equal(t, 1, e.Stats().Sub(before).AuthorizeRequests)
}

// Claims that an account of another tenant than the authority's waits for are
// taken along as well.
func TestSignInCarriesClaimsOfATenant(t *testing.T) {
	e := newEntra(t)
	ctx := testContext(t)
	host, _, _ := strings.Cut(strings.TrimPrefix(e.Authority(), "https://"), "/")
	p, err := tokensource.NewPublic(tokensource.PublicConfig{
		Authority: "https://" + host + "/organizations", ClientID: e.PublicClientID(), Prompt: e.browser(), HTTPClient: e.Client(),
	})
	require.NoError(t, err)
	ada, err := p.SignIn(ctx, e.Scope())
	require.NoError(t, err)
	ada.Realm = e.Authority()[strings.LastIndexByte(e.Authority(), '/')+1:]
	source := p.Account(ada, e.Scope())
	tok, err := source.Token(ctx, msalcae.TokenRequest{})
	require.NoError(t, err)
	e.Revoke(e.Username())
	_, err = source.Token(ctx, msalcae.TokenRequest{NoPrompt: true, Rejected: tok.Value, Claims: `{"access_token":{"nbf":{"essential":true,"value":"1604106651"}}}`})
	require.ErrorIs(t, err, msalcae.ErrInteractionRequired)
	_, err = p.SignIn(ctx, e.Scope())
	require.NoError(t, err)
	asked := e.Requests(entratest.AuthorizeEndpoint)
	assert.Contains(t, asked[len(asked)-1].Claims, "1604106651")
	before := e.Stats()
	require.Equal(t, 200, e.get(e.api(source), "/me"))
	assert.Zero(t, e.Stats().Sub(before).TokenRequests)
}
