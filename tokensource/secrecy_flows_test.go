package tokensource_test

import (
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"
	"github.com/msalcae/msalcae"
	"github.com/msalcae/msalcae/entratest"
	"github.com/msalcae/msalcae/tokensource"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// seats are the flows of programs that somebody sits before, as sources.
var seats = map[string]func(*testing.T, entra) *tokensource.Source{
	"app": func(_ *testing.T, e entra) *tokensource.Source { return e.confidential().App(e.Scope()) },
	"user, silently": func(t *testing.T, e entra) *tokensource.Source {
		client := e.rawPublic()
		ada, err := tokensource.WrapPublic(client, e.browser()).SignIn(t.Context(), e.Scope())
		require.NoError(t, err)
		return tokensource.WrapPublic(client, nil).Account(ada, e.Scope())
	},
	"browser": func(_ *testing.T, e entra) *tokensource.Source {
		return e.public(e.browser()).Account(public.Account{}, e.Scope())
	},
	"browser, wrapped": func(_ *testing.T, e entra) *tokensource.Source {
		return tokensource.WrapPublic(e.rawPublic(), e.browser()).Account(public.Account{}, e.Scope())
	},
	"device code": func(t *testing.T, e entra) *tokensource.Source {
		return e.public(&tokensource.DeviceCode{Out: newTerminal(t, e.enterQuietly, 0)}).Account(public.Account{}, e.Scope())
	},
	"device code, wrapped": func(t *testing.T, e entra) *tokensource.Source {
		return tokensource.WrapPublic(e.rawPublic(), &tokensource.DeviceCode{Out: newTerminal(t, e.enterQuietly, 0)}).Account(public.Account{}, e.Scope())
	},
}

// enterQuietly enters a code where it does not matter what comes of it.
func (e entra) enterQuietly(page, code string) error {
	_ = e.EnterCode(page, code)
	return nil
}

// allFlows are those of seats and services.
func allFlows() map[string]func(*testing.T, entra) *tokensource.Source {
	all := maps.Clone(seats)
	for name, flow := range services {
		all[name] = func(t *testing.T, e entra) *tokensource.Source { return flow(t, e) }
	}
	return all
}

// troubles are what can go wrong with every endpoint there is.
func troubles() map[string]func(entra) {
	all := map[string]func(entra){}
	for _, c := range badAnswers {
		for _, at := range []entratest.Endpoint{entratest.TokenEndpoint, entratest.DeviceEndpoint, entratest.DiscoveryEndpoint} {
			all[string(at)+": "+c.name] = func(e entra) { e.Fail(at, -1, c.fault) }
		}
	}
	all["sign-in: error"] = func(e entra) { e.Fail(entratest.AuthorizeEndpoint, -1, entratest.Fault{AADSTS: 50105}) }
	all["session over"] = func(e entra) { e.Revoke(e.Username()); e.Revoke(e.ClientID()) }
	all["disabled"] = func(e entra) { e.Disable(e.Username()); e.Disable(e.ClientID()); e.Disable(e.PublicClientID()) }
	return all
}

// No error of any flow, whatever goes wrong where, leads to a token, a secret,
// an assertion, a code or a verifier, however it is printed: before there is a
// token, after it was refused, and as a Transport passes it on.
func TestNoErrorHasASecret(t *testing.T) {
	t.Parallel()
	for name, flow := range allFlows() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			seen := 0
			device := strings.HasPrefix(name, "device code")
			for trouble, befall := range troubles() {
				if strings.HasPrefix(trouble, string(entratest.DeviceEndpoint)) && !device {
					continue // what it does not ask
				}
				run := func(t *testing.T, e entra) {
					seen += errorsWithoutSecrets(t, e, flow, befall, strings.HasPrefix(trouble, "discovery"))
				}
				if device {
					inBubble(t, run) // polls are seconds apart
				} else {
					run(t, newEntra(t)) // a browser has no place in a bubble
				}
			}
			assert.Greater(t, seen, len(troubles())/2, "hardly anything went wrong")
		})
	}
}

// errorsWithoutSecrets has something befall a flow, at first or when it has a
// token, and returns how many errors came of it.
func errorsWithoutSecrets(t *testing.T, e entra, flow func(*testing.T, entra) *tokensource.Source, befall func(entra), first bool) (seen int) {
	secrets := newSpy(e.Client().Transport)
	secrets.learn("answer", "secret-in-a-page")
	secrets.learn("answer", "secret-in-a-body")
	secrets.learn("password", e.Password())
	secrets.learn("secret", e.ClientSecret())
	e.transport = secrets
	source := flow(t, e)
	check := func(err error) {
		if err != nil {
			seen++
			assertNoSecret(t, err, secrets.known())
		}
	}
	rejected := ""
	if !first {
		tok, err := source.Token(t.Context(), msalcae.TokenRequest{})
		check(err)
		if tok != nil {
			rejected = tok.Value
		}
	}
	befall(e)
	_, err := source.Token(t.Context(), msalcae.TokenRequest{Rejected: rejected, Claims: `{"access_token":{"nbf":{"essential":true,"value":"1"}}}`})
	check(err)
	resp, err := (&msalcae.Transport{Source: source, Base: e.Client().Transport, Hosts: hostsOf(e)}).Client().Post(e.API()+"/me/sendMail", "text/plain", http.NoBody)
	check(err)
	if resp != nil {
		resp.Body.Close()
	}
	return seen
}

// hostsOf is the API's host, for sources whose scopes do not name it.
func hostsOf(e entra) []string {
	host, _, _ := strings.Cut(strings.TrimPrefix(e.API(), "https://"), "/")
	return []string{host}
}
