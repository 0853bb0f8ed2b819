package msalcae_test

import (
	"net/http"
	"testing"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"
	"github.com/msalcae/msalcae"
	"github.com/msalcae/msalcae/entratest"
	"github.com/msalcae/msalcae/tokensource"
	"github.com/stretchr/testify/require"
)

// The reason the project exists: a daemon's token is revoked, and its next
// call succeeds all the same, through the real MSAL over TLS.
func TestRevokedDaemonRecovers(t *testing.T) {
	srv := entratest.NewServer()
	defer srv.Close()
	cred, err := confidential.NewCredFromSecret(srv.ClientSecret())
	require.NoError(t, err)
	app, err := tokensource.NewConfidential(tokensource.ConfidentialConfig{
		Authority:  srv.Authority(),
		ClientID:   srv.ClientID(),
		Credential: cred,
		HTTPClient: srv.Client(),
	})
	require.NoError(t, err)
	client := (&msalcae.Transport{Source: app.App(srv.Scope()), Base: srv.Client().Transport}).Client()

	get := func() int {
		resp, err := client.Get(srv.API() + "/users")
		require.NoError(t, err)
		resp.Body.Close()
		return resp.StatusCode
	}
	require.Equal(t, http.StatusOK, get())
	srv.Revoke(srv.ClientID())
	require.Equal(t, http.StatusOK, get(), "the call after the revocation")
	require.Equal(t, http.StatusOK, get())

	stats := srv.Stats()
	require.Equal(t, 1, stats.Challenges, "challenges")
	require.Equal(t, 2, stats.TokenRequests, "token requests")
	require.Equal(t, 4, stats.APICalls, "API calls")
}
