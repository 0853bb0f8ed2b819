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
	credential, err := azidentity.NewClientSecretCredential(s.Tenant(), s.ClientID(), s.ClientSecret(),
		&azidentity.ClientSecretCredentialOptions{ClientOptions: options(s), DisableInstanceDiscovery: true})
	require.NoError(t, err)

	during, log := newAPI(s, credential).heals(t, "/users", func() { s.Revoke(s.ClientID()) })
	require.Equal(t, 1, during.TokenRequests)
	r := tokenRequests(log)[0]
	require.Equal(t, "client_credentials", r.Grant)
	require.Contains(t, r.Scopes, s.Scope())
	require.JSONEq(t, `{"access_token":{"nbf":`+nbf(t, log)+`,"xms_cc":{"values":["CP1"]}}}`, r.Claims)
}
