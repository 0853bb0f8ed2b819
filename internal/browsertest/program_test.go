package browsertest

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"
	"github.com/chromedp/chromedp"
	"github.com/msalcae/msalcae"
	"github.com/msalcae/msalcae/entratest"
	"github.com/msalcae/msalcae/tokensource"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A program is one that a person uses, as they would write it.
func program(t *testing.T, entra *entratest.Server, open func(string) error) *tokensource.Public {
	t.Helper()
	p, err := tokensource.NewPublic(tokensource.PublicConfig{
		Authority:  entra.Authority(),
		ClientID:   entra.PublicClientID(),
		Prompt:     &tokensource.Browser{Open: open},
		HTTPClient: entra.Client(),
	})
	require.NoError(t, err)
	return p
}

func newEntra(t *testing.T) *entratest.Server {
	entra := entratest.NewServer()
	t.Cleanup(entra.Close)
	return entra
}

// A person signs in; later a policy wants a second factor of them, in the middle
// of a call. Claims arrive at Entra as the API wrote them.
func TestSignInAndStepUp(t *testing.T) {
	entra := newEntra(t)
	ada := newPerson(t)
	approve := func() error { return ada.click("#approve button") }
	p := program(t, entra, ada.asked(
		func() error { return ada.signIn(entra.Username(), entra.Password()) },
		approve,
		func() error { return ada.signIn(entra.Username(), entra.Password()) },
	))
	source := p.Account(public.Account{}, entra.Scope())
	api := (&msalcae.Transport{Source: source, Base: entra.Client().Transport}).Client()
	get := func() {
		t.Helper()
		resp, err := api.Get(entra.API() + "/me")
		require.NoError(t, err)
		resp.Body.Close()
		require.Equal(t, 200, resp.StatusCode)
	}
	get()
	heading, text, at := ada.shown()
	assert.Equal(t, "Signed in", heading)
	assert.Equal(t, "Signed in You are signed in as "+entra.Username()+". You can close this page and go back to the program.", text)
	assert.Regexp(t, `^http://localhost:\d+/$`, at, "nothing of the answer in the address")

	entra.RequireAuthContext("c1")
	get()
	heading, _, _ = ada.shown()
	assert.Equal(t, "Signed in", heading)

	const odd = `{"access_token":{"nbf":{"essential":true,"value":"1604106651"},"x":{"value":"a+b & c%20d=é<>\"'世界#?"}}}`
	entra.Revoke(entra.Username())
	tok, err := source.Token(t.Context(), msalcae.TokenRequest{})
	require.NoError(t, err)
	_, err = source.Token(t.Context(), msalcae.TokenRequest{Claims: odd, Rejected: tok.Value})
	require.NoError(t, err)
	requests := entra.Requests(entratest.AuthorizeEndpoint)
	require.Len(t, requests, 3)
	assert.JSONEq(t, strings.TrimSuffix(odd, "}}")+`,"xms_cc":{"values":["cp1"]}}}`, requests[2].Claims)
	ada.mu.Lock()
	defer ada.mu.Unlock()
	assert.Empty(t, ada.complaints)
}

// The person says no, and the page knows.
func TestCancelled(t *testing.T) {
	entra := newEntra(t)
	ada := newPerson(t)
	p := program(t, entra, ada.asked(func() error { return ada.click("#cancel button") }))
	_, err := p.SignIn(t.Context(), entra.Scope())
	require.ErrorIs(t, err, tokensource.ErrDeclined)
	heading, text, _ := ada.shown()
	assert.Equal(t, "You are not signed in", heading)
	assert.Contains(t, text, "The sign-in was declined.")
	assert.Contains(t, text, "access_denied")
}

// Somebody ends the browser in the middle: the program waits as long as it was
// told to, says so, and the next attempt is as good as the first.
func TestClosedHalfWay(t *testing.T) {
	entra := newEntra(t)
	first := newPerson(t)
	second := newPerson(t)
	ctx, giveUp := context.WithCancel(t.Context())
	p := program(t, entra, func(url string) error {
		defer giveUp()
		if err := first.open(url); err != nil {
			return err
		}
		if err := first.try(chromedp.SendKeys(chromedp.CSS("#login"), "ada")); err != nil {
			return err
		}
		return first.quit()
	})
	_, err := p.SignIn(ctx, entra.Scope())
	require.ErrorIs(t, err, context.Canceled, "not before somebody gave up waiting")
	require.ErrorContains(t, err, "nobody finished the sign-in in time")

	var page string
	p = program(t, entra, func(url string) error {
		page = url
		// Twice, as a person does who found the page again.
		if err := second.open(url); err != nil {
			return err
		}
		if err := second.open(url); err != nil {
			return err
		}
		return second.signIn(entra.Username(), entra.Password())
	})
	account, err := p.SignIn(t.Context(), entra.Scope())
	require.NoError(t, err)
	assert.Equal(t, entra.Username(), account.PreferredUsername)
	_, _, _ = second.shown()
	_, err = http.Get(page)
	assert.Error(t, err, "nothing listens any more")
}

// What Chromium asks for by itself, and what a person does with the page
// meanwhile, harms nothing.
func TestStrayPages(t *testing.T) {
	entra := newEntra(t)
	ada := newPerson(t)
	p := program(t, entra, func(url string) error {
		if err := ada.open(url + "x"); err != nil { // not found
			return err
		}
		heading, _, _ := ada.shown()
		assert.Equal(t, "Nothing to see here", heading)
		if err := ada.open(url[:strings.LastIndex(url, "/")]); err != nil { // where the answer goes, but not with one
			return err
		}
		heading, _, _ = ada.shown()
		assert.Equal(t, "The sign-in is not finished", heading)
		if err := ada.open(url); err != nil {
			return err
		}
		return ada.signIn(entra.Username(), entra.Password())
	})
	_, err := p.SignIn(t.Context(), entra.Scope())
	require.NoError(t, err)
	heading, _, _ := ada.shown()
	assert.Equal(t, "Signed in", heading)
}
