package clienttest

import (
	"crypto/x509"
	"net/http"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/msalcae/msalcae/entratest"
	"github.com/stretchr/testify/require"
)

func TestAzidentityClientCertificate(t *testing.T) {
	for name, chain := range map[string]bool{"thumbprint": false, "chain": true} {
		t.Run(name, func(t *testing.T) {
			s := entratest.NewServer()
			defer s.Close()
			certificate := s.ClientCertificate()
			credential, err := azidentity.NewClientCertificateCredential(s.Tenant(), s.ClientID(),
				[]*x509.Certificate{certificate.Leaf}, certificate.PrivateKey,
				&azidentity.ClientCertificateCredentialOptions{
					ClientOptions: options(s), DisableInstanceDiscovery: true, SendCertificateChain: chain})
			require.NoError(t, err)

			during, log := newAPI(s, credential).heals(t, "/users", func() { s.Revoke(s.ClientID()) })
			require.Equal(t, 1, during.TokenRequests)
			require.JSONEq(t, `{"access_token":{"nbf":`+nbf(t, log)+`,"xms_cc":{"values":["CP1"]}}}`, tokenRequests(log)[0].Claims)
		})
	}
}

// Azure's platforms know no claims: azidentity asks again, and heals only if
// the platform hands out a new token.
func TestAzidentityManagedIdentity(t *testing.T) {
	for _, platform := range []string{"IMDS", "App Service"} {
		t.Run(platform, func(t *testing.T) {
			s := entratest.NewServer()
			defer s.Close()
			if platform == "App Service" {
				where, header := s.AppService()
				t.Setenv("IDENTITY_ENDPOINT", where)
				t.Setenv("IDENTITY_HEADER", header)
			}
			s.SetManagedIdentities(entratest.ManagedIdentities{CAE: true, NoCache: true})
			credential, err := azidentity.NewManagedIdentityCredential(
				&azidentity.ManagedIdentityCredentialOptions{ClientOptions: options(s)})
			require.NoError(t, err)
			a := newAPI(s, credential)
			identity := s.ManagedIdentity().ClientID

			during, _ := a.heals(t, "/users", func() { s.Revoke(identity) })
			require.Equal(t, 0, during.TokenRequests, "the platform is asked, not Entra")

			// Left to itself the platform repeats what it keeps, and the client
			// sends that again.
			s.SetManagedIdentities(entratest.ManagedIdentities{CAE: true})
			s.Revoke(identity)
			before := s.Stats()
			status, err := a.get(t.Context(), "/users")
			require.NoError(t, err)
			require.Equal(t, http.StatusUnauthorized, status)
			require.Equal(t, 2, s.Stats().Sub(before).Challenges)
		})
	}
}
