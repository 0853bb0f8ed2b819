package tokensource_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"
	"github.com/msalcae/msalcae"
	"github.com/msalcae/msalcae/tokensource"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestWebSignInMismatch(t *testing.T) {
	e := newEntra(t)
	a := newWebApp(t, e)
	b := e.NewBrowser(e.Username())
	begun, err := a.SignIn(testContext(t), public.Account{})
	require.NoError(t, err)
	answer := a.visit(b, begun)
	before := e.Stats()
	other, err := a.SignIn(testContext(t), public.Account{})
	require.NoError(t, err)
	assert.NotEqual(t, begun.State, other.State)
	for name, session := range map[string]tokensource.WebSignIn{"another browser's": other, "lost": {}, "without a verifier": {State: begun.State, Nonce: "n"}} {
		_, err = a.Redeem(testContext(t), session, answer)
		require.ErrorIs(t, err, tokensource.ErrSignInMismatch, name)
		assertNoSecret(t, err, map[string]string{answer.Get("code"): "code"})
	}
	assert.Zero(t, e.Stats().Sub(before).TokenRequests, "the code was not spent")

	forged := begun
	forged.Nonce = "another"
	_, err = a.Redeem(testContext(t), forged, answer)
	require.ErrorIs(t, err, tokensource.ErrSignInMismatch, "a code of another sign-in, injected")

	begun, err = a.SignIn(testContext(t), public.Account{})
	require.NoError(t, err)
	answer = a.visit(b, begun)
	begun.Verifier = strings.Repeat("v", 43)
	_, err = a.Redeem(testContext(t), begun, answer)
	require.ErrorIs(t, err, msalcae.ErrInteractionRequired, "Entra binds the code to the verifier")
}

func TestWebSignInDeclined(t *testing.T) {
	e := newEntra(t)
	a := newWebApp(t, e)
	b := e.NewBrowser(e.Username())
	b.Decline = true
	begun, err := a.SignIn(testContext(t), public.Account{})
	require.NoError(t, err)
	_, err = a.Redeem(testContext(t), begun, a.visit(b, begun))
	require.ErrorIs(t, err, tokensource.ErrDeclined)
}

// A WebSignIn is for a session, not for a log.
func TestWebSignInIsDiscreet(t *testing.T) {
	e := newEntra(t)
	begun, err := newWebApp(t, e).SignIn(testContext(t), public.Account{PreferredUsername: "ada"})
	require.NoError(t, err)
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "begun", begun)
	fmt.Fprintf(&log, "%v %+v %#v %s", begun, begun, begun, begun)
	for _, secret := range []string{begun.State, begun.Nonce, begun.Verifier} {
		assert.NotContains(t, log.String(), secret)
	}
	data, err := json.Marshal(begun)
	require.NoError(t, err)
	var back tokensource.WebSignIn
	require.NoError(t, json.Unmarshal(data, &back))
	assert.Empty(t, back.URL)
	back.URL = begun.URL
	assert.Equal(t, begun, back)
}

// An answer is good once. Who presents it again gets nothing, and whom it
// signed in stays signed in.
func TestWebSignInReplayed(t *testing.T) {
	e := newEntra(t)
	a := newWebApp(t, e)
	begun, err := a.SignIn(testContext(t), public.Account{})
	require.NoError(t, err)
	answer := a.visit(e.NewBrowser(e.Username()), begun)
	ada, err := a.Redeem(testContext(t), begun, answer)
	require.NoError(t, err)
	_, err = a.Redeem(testContext(t), begun, answer)
	require.ErrorIs(t, err, msalcae.ErrInteractionRequired)
	assertNoSecret(t, err, map[string]string{answer.Get("code"): "code", begun.Verifier: "verifier"})
	assert.Equal(t, 200, e.get(e.api(a.User(ada, e.Scope())), "/me"))
}

// A sign-in that the app begins by itself carries what the person's source is
// waiting for. That of anybody else does not.
func TestWebSignInCarriesClaims(t *testing.T) {
	e := newEntra(t)
	a := newWebApp(t, e)
	ada := a.signIn(e.NewBrowser(e.Username()))
	begun, err := a.SignIn(testContext(t), ada)
	require.NoError(t, err)
	assert.Empty(t, begun.Claims)
	e.Revoke(e.Username())
	_, err = e.api(a.User(ada, e.Scope())).Get(e.API() + "/me")
	require.ErrorIs(t, err, msalcae.ErrInteractionRequired)
	begun, err = a.SignIn(testContext(t), ada)
	require.NoError(t, err)
	assert.Contains(t, begun.Claims, `"nbf"`)
	assert.Equal(t, ada, begun.Account)
	begun, err = a.SignIn(testContext(t), public.Account{})
	require.NoError(t, err)
	assert.Empty(t, begun.Claims)
}
