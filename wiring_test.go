package msalcae_test

import (
	"testing"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"
	"github.com/msalcae/msalcae"
	"github.com/msalcae/msalcae/entratest"
	"github.com/msalcae/msalcae/tokensource"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A Transport that the caller gave to MSAL as its HTTP client would wait for the
// token that it is to help obtain. The program is told so, at once, whether the
// client is the very same or another of the same source.
func TestTransportUnderMSAL(t *testing.T) {
	srv := entratest.NewServer()
	defer srv.Close()
	cred, err := confidential.NewCredFromSecret(srv.ClientSecret())
	require.NoError(t, err)
	under := &msalcae.Transport{Base: srv.Client().Transport}
	client, err := confidential.New(srv.Authority(), srv.ClientID(), cred,
		confidential.WithClientCapabilities([]string{"cp1"}), confidential.WithHTTPClient(under.Client()))
	require.NoError(t, err)
	app := tokensource.WrapConfidential(client)
	under.Source = app.App(srv.Scope())
	start := time.Now()
	for _, tr := range []*msalcae.Transport{under, {Source: app.App(srv.Scope()), Base: srv.Client().Transport}} {
		_, err = tr.Client().Get(srv.API() + "/users")
		require.ErrorIs(t, err, msalcae.ErrMisconfigured)
		assert.ErrorContains(t, err, "give MSAL an http.Client without msalcae")
	}
	assert.Less(t, time.Since(start), 10*time.Second)
	assert.Zero(t, srv.Stats().TokenRequests)
}
