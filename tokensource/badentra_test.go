package tokensource_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"
	"github.com/msalcae/msalcae"
	"github.com/msalcae/msalcae/entratest"
	"github.com/msalcae/msalcae/tokensource"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// badAnswers are what a token endpoint may do instead of answering, and what
// we make of it.
var badAnswers = []struct {
	name        string
	fault       entratest.Fault
	says        string
	status      int
	code        string
	interaction bool
	config      bool
}{
	{name: "400 interaction_required", fault: entratest.Fault{AADSTS: 50076, OAuthError: "interaction_required", Claims: `{"access_token":{"capolids":{"essential":true,"values":["x"]}}}`},
		says: "a person must sign in", status: 400, code: "interaction_required", interaction: true},
	{name: "400 invalid_grant", fault: entratest.Fault{AADSTS: 50173}, says: "AADSTS50173", status: 400, code: "invalid_grant", interaction: true},
	{name: "401 invalid_client", fault: entratest.Fault{AADSTS: 7000215}, says: "AADSTS7000215", status: 401, code: "invalid_client", config: true},
	{name: "400 invalid_scope", fault: entratest.Fault{AADSTS: 70011}, says: "invalid_scope", status: 400, code: "invalid_scope", config: true},
	{name: "403 without a body", fault: entratest.Fault{Status: 403}, says: "HTTP 403", status: 403},
	{name: "429 in plain text", fault: entratest.Fault{Status: 429, Header: http.Header{"Retry-After": {"60"}}, Body: "Too Many Requests"}, says: "HTTP 429", status: 429},
	{name: "500 in HTML", fault: entratest.Fault{Status: 500, Body: "<html>secret-in-a-page</html>"}, says: "HTTP 500", status: 500},
	{name: "200 in HTML", fault: entratest.Fault{Body: "<html>secret-in-a-page</html>"}, says: "could not be read"},
	{name: "200 with tokens and no expiry", fault: entratest.Fault{Body: `{"access_token":"secret-in-a-body","refresh_token":"secret-in-a-page"}`}, says: "could not be read"},
	{name: "200 with nothing", fault: entratest.Fault{Status: 200}, says: "could not be read"},
	{name: "200 with null", fault: entratest.Fault{Body: `null`}, says: "could not be read"},
	{name: "200 with an error", fault: entratest.Fault{Body: `{"error":"invalid_grant"}`}, says: "could not be read"},
	{name: "200 without a token", fault: entratest.Fault{Body: `{"expires_in":3600,"token_type":"Bearer"}`}, says: "could not be read"},
	{name: "204", fault: entratest.Fault{Status: 204}, says: "HTTP 204", status: 204},
	{name: "a redirect elsewhere", fault: entratest.Fault{Status: 307, Header: http.Header{"Location": {"https://evil.test/"}}}, says: "redirect", status: 307},
	{name: "a redirect to nowhere", fault: entratest.Fault{Status: 307, Header: http.Header{"Location": {"http://%zz/secret-in-a-page"}}}, says: "could not be reached"},
	{name: "an answer without end", fault: entratest.Fault{Body: strings.Repeat("x", 2<<20)}, says: "larger than 1 MiB"},
	{name: "a lost connection", fault: entratest.Fault{Drop: true}, says: "could not be reached"},
}

// Whatever the token endpoint does, both kinds of client say it in one
// sentence, in our types, and without a secret.
func TestBadAnswers(t *testing.T) {
	t.Parallel()
	for _, c := range badAnswers {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			e := newEntra(t)
			secrets := newSpy(e.Client().Transport)
			secrets.learn("answer", "secret-in-a-page")
			secrets.learn("answer", "secret-in-a-body")
			e.transport = secrets

			p := e.public(e.browser())
			ada, err := p.SignIn(testContext(t), e.Scope())
			require.NoError(t, err)
			e.FailToken(-1, c.fault)
			for name, source := range map[string]*tokensource.Source{
				"app": e.confidential().App(e.Scope()), "user": p.Account(ada, "openid"),
				"sign-in": e.public(e.browser()).Account(public.Account{}, e.Scope()),
			} {
				before := e.Stats().TokenRequests
				_, err := source.Token(testContext(t), msalcae.TokenRequest{Claims: `{"access_token":{"nbf":{"essential":true,"value":"1"}}}`})
				require.Error(t, err, name)
				assert.ErrorContains(t, err, c.says, name)
				var answer *msalcae.Error
				if !assert.ErrorAs(t, err, &answer, name) {
					continue
				}
				assert.Equal(t, c.status, answer.Status, name)
				assert.Equal(t, c.code, answer.Code, name)
				assert.Equal(t, c.interaction, errors.Is(err, msalcae.ErrInteractionRequired), name)
				assert.Equal(t, c.config, errors.Is(err, msalcae.ErrMisconfigured), name)
				assert.Equal(t, c.fault.Claims, answer.Claims, name)
				assertNoSecret(t, err, secrets.known())
				assert.Positive(t, e.Stats().TokenRequests-before, name)
			}
			assert.NotEmpty(t, secrets.known())
		})
	}
}

// A token endpoint that hangs holds nobody longer than they want to wait.
func TestHangingTokenEndpoint(t *testing.T) {
	e := newEntra(t)
	e.FailToken(-1, entratest.Fault{Hang: true})
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	start := time.Now()
	source := e.confidential().App(e.Scope())
	source.RequestTimeout = 200 * time.Millisecond
	_, err := source.Token(ctx, msalcae.TokenRequest{})
	require.ErrorIs(t, err, context.DeadlineExceeded)
	assert.Less(t, time.Since(start), 5*time.Second)

	_, err = source.Token(testContext(t), msalcae.TokenRequest{})
	require.ErrorIs(t, err, context.DeadlineExceeded, "the source's own limit")
	var answer *msalcae.Error
	require.ErrorAs(t, err, &answer)
	assertNoGoroutineIn(t, "tokensource.(*Confidential)", "entra.(*Wire)", "tokensource.(*Source)", "tokensource.limited")
}

func TestUnreachableAuthority(t *testing.T) {
	e := newEntra(t)
	c := e.confidential()
	e.Close()
	_, err := c.App(e.Scope()).Token(testContext(t), msalcae.TokenRequest{})
	require.ErrorContains(t, err, "Entra could not be reached")
	assert.NotErrorIs(t, err, msalcae.ErrInteractionRequired, "no browser because of a network error")
	assertNoSecret(t, err, map[string]string{e.ClientSecret(): "client secret"})
}

// Without a scope nothing is sent.
func TestNoScopes(t *testing.T) {
	e := newEntra(t)
	p, c := e.public(e.browser()), e.confidential()
	for name, source := range map[string]*tokensource.Source{
		"app without": c.App(), "app empty": c.App(""), "app blank": c.App(" "),
		"user without": p.Account(public.Account{}), "user empty": p.Account(public.Account{}, e.Scope(), ""),
		"tenant": c.Tenant("../x").App(e.Scope()), "account": p.Account(public.Account{PreferredUsername: "ada"}, e.Scope()),
	} {
		for range 2 {
			_, err := source.Token(testContext(t), msalcae.TokenRequest{})
			require.ErrorIs(t, err, msalcae.ErrMisconfigured, name)
			assertNoSecret(t, err, nil)
			assert.Equal(t, err, source.Err())
			_, through := e.api(source).Get(e.API() + "/me")
			require.ErrorIs(t, through, err, "a Transport says the same, and nothing of hosts")
		}
	}
	_, err := p.SignIn(testContext(t))
	require.ErrorIs(t, err, msalcae.ErrMisconfigured)
	_, err = e.public(nil).SignIn(testContext(t), e.Scope())
	require.ErrorIs(t, err, msalcae.ErrMisconfigured)
	assert.ErrorContains(t, err, "Prompt")
	assert.Equal(t, entratest.Stats{}, e.Stats())
}
