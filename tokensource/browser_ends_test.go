package tokensource_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"
	"github.com/msalcae/msalcae"
	"github.com/msalcae/msalcae/tokensource"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Who has given up before a page could be shown is shown none.
func TestNoPageForWhoHasLeft(t *testing.T) {
	e := newEntra(t)
	shown := make(chan string, 100)
	browser := &tokensource.Browser{Open: func(page string) error {
		shown <- page
		return e.SignIn(page)
	}}
	p := e.public(browser)
	_, err := p.SignIn(testContext(t), e.Scope()) // MSAL knows the endpoints from now on
	require.NoError(t, err)
	<-shown
	ctx, cancel := context.WithCancel(testContext(t))
	cancel()
	for range 20 {
		_, err := p.SignIn(ctx, e.Scope())
		require.ErrorIs(t, err, context.Canceled)
		_, err = browser.SignIn(ctx, tokensource.PromptRequest{Client: e.rawPublic(), ClientID: e.PublicClientID(), Scopes: []string{e.Scope()}})
		require.ErrorIs(t, err, context.Canceled)
	}
	assertNoGoroutineIn(t, "tokensource.(*Browser)")
	assert.Empty(t, shown)
}

// A page that nobody answers ends with the context, and leaves no listener.
func TestBrowserClosedOrForgotten(t *testing.T) {
	e := newEntra(t)
	pages := make(chan string, 1)
	p := e.public(&tokensource.Browser{Open: func(page string) error {
		pages <- page
		return nil
	}})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() {
		_, err := p.SignIn(ctx, e.Scope())
		done <- err
	}()
	page := <-pages
	cancel()
	err := <-done
	require.ErrorIs(t, err, context.Canceled)
	assert.ErrorContains(t, err, "nobody finished the sign-in")
	assertNoSecret(t, err, nil)
	_, err = http.Get(page)
	assert.Error(t, err, "the loopback server is gone")

	source := p.Account(public.Account{}, e.Scope())
	source.PromptTimeout = 50 * time.Millisecond
	_, err = source.Token(testContext(t), msalcae.TokenRequest{})
	require.ErrorIs(t, err, context.DeadlineExceeded)
}
