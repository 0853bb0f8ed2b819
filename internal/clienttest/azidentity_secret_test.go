package clienttest

import (
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/msalcae/msalcae/entratest"
	"github.com/stretchr/testify/require"
)

func TestAzidentityClientSecret(t *testing.T) {
	s := entratest.NewServer()
	defer s.Close()
	w := newWire(s)
	credential, err := azidentity.NewClientSecretCredential(s.Tenant(), s.ClientID(), s.ClientSecret(),
		&azidentity.ClientSecretCredentialOptions{ClientOptions: optionsOver(s, w), DisableInstanceDiscovery: true})
	require.NoError(t, err)

	during, log := newAPI(s, credential).heals(t, "/users", func() { s.Revoke(s.ClientID()) })
	require.Equal(t, 1, during.TokenRequests)
	r := w.last(t, "client_credentials")
	r.requireMembers(t, "claims", "client_id", "client_secret", "grant_type", "scope")
	r.requireMSAL(t, s.ClientID(), s.Scope())
	require.Equal(t, s.ClientSecret(), r.form.Get("client_secret"))
	require.JSONEq(t, answered(t, log), r.form.Get("claims"))
}
