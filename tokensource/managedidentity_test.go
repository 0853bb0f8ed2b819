package tokensource_test

import (
	"context"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/managedidentity"
	"github.com/msalcae/msalcae"
	"github.com/msalcae/msalcae/entratest"
	"github.com/msalcae/msalcae/tokensource"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// platforms puts the program on one of Azure's platforms.
var platforms = map[string]func(testing.TB, entra){
	"IMDS": func(testing.TB, entra) {},
	"App Service": func(t testing.TB, e entra) {
		endpoint, header := e.AppService()
		t.Setenv("IDENTITY_ENDPOINT", endpoint)
		t.Setenv("IDENTITY_HEADER", header)
	},
}

func (e entra) managed(id managedidentity.ID) *tokensource.ManagedIdentity {
	e.t.Helper()
	m, err := tokensource.NewManagedIdentity(tokensource.ManagedIdentityConfig{ID: id, HTTPClient: e.http()})
	require.NoError(e.t, err)
	return m
}

// everyPlatform runs a test on each.
func everyPlatform(t *testing.T, test func(*testing.T, entra)) {
	for name, enter := range platforms {
		t.Run(name, func(t *testing.T) {
			e := newEntra(t)
			enter(t, e)
			test(t, e)
		})
	}
}

// One request, however many callers, and the identity's own tokens.
func TestManagedIdentity(t *testing.T) {
	everyPlatform(t, func(t *testing.T, e entra) {
		user := e.AddManagedIdentity(entratest.ManagedIdentity{ResourceID: "/subscriptions/1/id"})
		m := e.managed(nil)
		var wg sync.WaitGroup
		for range 100 {
			wg.Go(func() {
				assert.Equal(t, 200, e.get(e.api(m.App(e.Scope())), "/users"))
			})
		}
		wg.Wait()
		assert.Equal(t, 1, e.Stats().IdentityRequests)
		assert.Same(t, m.App(e.Scope()), m.App(strings.TrimSuffix(e.Scope(), "/.default")))
		for _, id := range []managedidentity.ID{managedidentity.UserAssignedClientID(user.ClientID),
			managedidentity.UserAssignedObjectID(user.ObjectID), managedidentity.UserAssignedResourceID(user.ResourceID)} {
			require.Equal(t, 200, e.get(e.api(e.managed(id).App(e.Scope())), "/users"))
			requests := e.Requests(entratest.IdentityEndpoint)
			assert.Equal(t, user.ClientID, requests[len(requests)-1].Client)
		}
	})
}

// What is shared is shared within one value, as its documentation says.
func TestManagedIdentitiesShareNothing(t *testing.T) {
	everyPlatform(t, func(t *testing.T, e entra) {
		e.SetManagedIdentities(entratest.ManagedIdentities{CAE: true, NoCache: true})
		one, two := e.managed(nil), e.managed(nil)
		for _, m := range []*tokensource.ManagedIdentity{one, two, one, two} {
			require.Equal(t, 200, e.get(e.api(m.App(e.Scope())), "/users"))
		}
		assert.Equal(t, 2, e.Stats().IdentityRequests)
		assert.NotSame(t, one.App(e.Scope()), two.App(e.Scope()))
		e.Revoke(e.ManagedIdentity().ClientID)
		for _, m := range []*tokensource.ManagedIdentity{one, two} {
			require.Equal(t, 200, e.get(e.api(m.App(e.Scope())), "/users"))
		}
		assert.Equal(t, 2, e.Stats().Challenges, "each learns for itself")
		assert.Equal(t, 4, e.Stats().IdentityRequests)
	})
}

// A challenge forces a new token. If the platform has one all is well; if it
// repeats the refused one, that is said, and it is never sent again.
func TestManagedIdentityChallenged(t *testing.T) {
	everyPlatform(t, func(t *testing.T, e entra) {
		e.SetManagedIdentities(entratest.ManagedIdentities{CAE: true, NoCache: true})
		api := e.api(e.managed(nil).App(e.Scope()))
		require.Equal(t, 200, e.get(api, "/users"))
		e.Revoke(e.ManagedIdentity().ClientID)
		require.Equal(t, 200, e.get(api, "/users"), "healed")
		assert.Equal(t, 2, e.Stats().IdentityRequests)
		assert.Equal(t, 1, e.Stats().Challenges)

		e.SetManagedIdentities(entratest.ManagedIdentities{CAE: true})
		e.Revoke(e.ManagedIdentity().ClientID)
		before := e.Stats()
		_, err := api.Get(e.API() + "/users")
		require.ErrorIs(t, err, msalcae.ErrSameToken)
		var challenge *msalcae.ChallengeError
		require.ErrorAs(t, err, &challenge)
		for range 5 {
			_, err = api.Get(e.API() + "/users")
			require.ErrorIs(t, err, msalcae.ErrSameToken)
		}
		d := e.Stats().Sub(before)
		assert.Equal(t, 1, d.APICalls, "the refused token is not sent again")
		assert.Equal(t, 1, d.IdentityRequests, "nor asked for all the time")
	})
}

// What the endpoint answers instead of a token.
func TestManagedIdentityBadAnswers(t *testing.T) {
	everyPlatform(t, func(t *testing.T, e entra) {
		secrets := newSpy(e.Client().Transport)
		secrets.learn("answer", "secret-in-a-page")
		secrets.learn("header", "entratest-identity-header")
		e.transport = secrets
		for _, c := range []struct {
			says   string
			fault  entratest.Fault
			status int
			config bool
		}{
			{"HTTP 400 invalid_request; check", entratest.Fault{Status: 400, Body: `{"error":"invalid_request","error_description":"secret-in-a-page"}`}, 400, true},
			{"HTTP 400 other; check", entratest.Fault{Status: 400, Body: `{"error":{"code":"other","message":"secret-in-a-page"}}`}, 400, true},
			{"HTTP 403", entratest.Fault{Status: 403, Body: `{"error":"secret in a page"}`}, 403, true},
			{"HTTP 401", entratest.Fault{Status: 401, Body: "secret-in-a-page"}, 401, false},
			{"HTTP 429", entratest.Fault{Status: 429, Header: http.Header{"Retry-After": {"60"}}}, 429, false},
			{"HTTP 501", entratest.Fault{Status: 501, Body: "<html>secret-in-a-page"}, 501, false},
			{"a redirect", entratest.Fault{Status: 307, Header: http.Header{"Location": {"https://evil.test/"}}}, 307, false},
			{"could not be read", entratest.Fault{Body: "<html>secret-in-a-page"}, 0, false},
			{"could not be read", entratest.Fault{Body: `{"access_token":"secret-in-a-page"}`}, 0, false},
			{"larger than 1 MiB", entratest.Fault{Body: strings.Repeat("x", 2<<20)}, 0, false},
			{"could not be reached", entratest.Fault{Drop: true}, 0, false},
		} {
			e.ClearFaults()
			e.Fail(entratest.IdentityEndpoint, -1, c.fault)
			_, err := e.managed(nil).App(e.Scope()).Token(testContext(t), msalcae.TokenRequest{})
			require.ErrorContains(t, err, c.says)
			var answer *msalcae.Error
			require.ErrorAs(t, err, &answer, c.says)
			assert.Equal(t, c.status, answer.Status, c.says)
			assert.NotErrorIs(t, err, msalcae.ErrInteractionRequired, c.says)
			assert.Equal(t, c.config, errors.Is(err, msalcae.ErrMisconfigured), c.says)
			assertNoSecret(t, err, secrets.known())
		}
	})
}

func TestManagedIdentityConfig(t *testing.T) {
	e := newEntra(t)
	_, err := tokensource.NewManagedIdentity(tokensource.ManagedIdentityConfig{HTTPClient: (&msalcae.Transport{}).Client()})
	require.ErrorIs(t, err, msalcae.ErrMisconfigured)
	_, err = tokensource.NewManagedIdentity(tokensource.ManagedIdentityConfig{ID: managedidentity.UserAssignedClientID("")})
	require.ErrorIs(t, err, msalcae.ErrMisconfigured)
	m, err := tokensource.NewManagedIdentity(tokensource.ManagedIdentityConfig{})
	require.NoError(t, err)
	m.CloseIdleConnections()
	assert.Equal(t, []string{"graph.microsoft.com"}, m.App("https://graph.microsoft.com/.default").Hosts())
	assert.Equal(t, []string{"management.azure.com"}, m.App("https://management.azure.com").Hosts())
	for _, s := range []*tokensource.Source{m.App(), m.App("https://a.test/.default", "https://b.test/.default")} {
		require.ErrorIs(t, s.Err(), msalcae.ErrMisconfigured)
		_, err := s.Token(context.Background(), msalcae.TokenRequest{})
		require.ErrorIs(t, err, msalcae.ErrMisconfigured)
	}
	assert.Zero(t, e.Stats().IdentityRequests)
}

// Service Fabric's endpoint has a certificate that only its thumbprint vouches
// for, which MSAL must be let pin.
func TestManagedIdentityOfServiceFabric(t *testing.T) {
	cluster := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		assert.Equal(t, "the-secret", r.Header.Get("Secret"))
		fmt.Fprintf(w, `{"access_token":"at","expires_on":"%d","token_type":"Bearer"}`, time.Now().Add(time.Hour).Unix())
	}))
	defer cluster.Close()
	sum := sha1.Sum(cluster.Certificate().Raw)
	t.Setenv("IDENTITY_ENDPOINT", cluster.URL+"/metadata/identity/oauth2/token")
	t.Setenv("IDENTITY_HEADER", "the-secret")
	for thumbprint, good := range map[string]bool{hex.EncodeToString(sum[:]): true, strings.Repeat("00", 20): false} {
		t.Setenv("IDENTITY_SERVER_THUMBPRINT", thumbprint)
		m, err := tokensource.NewManagedIdentity(tokensource.ManagedIdentityConfig{})
		require.NoError(t, err)
		_, err = m.App("https://graph.microsoft.com").Token(testContext(t), msalcae.TokenRequest{})
		if good {
			require.NoError(t, err)
			continue
		}
		require.ErrorContains(t, err, "could not be reached")
		assertNoSecret(t, err, map[string]string{"the-secret": "header"})
	}
}
