package clienttest

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
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
			w := newWire(s)
			certificate := s.ClientCertificate()
			credential, err := azidentity.NewClientCertificateCredential(s.Tenant(), s.ClientID(),
				[]*x509.Certificate{certificate.Leaf}, certificate.PrivateKey,
				&azidentity.ClientCertificateCredentialOptions{
					ClientOptions: optionsOver(s, w), DisableInstanceDiscovery: true, SendCertificateChain: chain})
			require.NoError(t, err)

			during, log := newAPI(s, credential).heals(t, "/users", func() { s.Revoke(s.ClientID()) })
			require.Equal(t, 1, during.TokenRequests)
			r := w.last(t, "client_credentials")
			r.requireMembers(t, "claims", "client_assertion", "client_assertion_type", "client_id", "client_info", "grant_type", "scope")
			r.requireMSAL(t, s.ClientID(), s.Scope())
			require.JSONEq(t, answered(t, log), r.form.Get("claims"))
			require.Equal(t, "urn:ietf:params:oauth:client-assertion-type:jwt-bearer", r.form.Get("client_assertion_type"))
			requireAssertion(t, r.form.Get("client_assertion"), s, chain)
		})
	}
}

// requireAssertion demands the client assertion that MSAL Go makes of the
// server's certificate.
func requireAssertion(t *testing.T, assertion string, s *entratest.Server, chain bool) {
	t.Helper()
	parts := strings.Split(assertion, ".")
	require.Len(t, parts, 3)
	var members [2]map[string]any
	for i := range members {
		text, err := base64.RawURLEncoding.DecodeString(parts[i])
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(text, &members[i]))
	}
	der := s.ClientCertificate().Certificate[0]
	thumbprint := sha256.Sum256(der)
	header := map[string]any{"alg": "PS256", "typ": "JWT", "x5t#S256": base64.StdEncoding.EncodeToString(thumbprint[:])}
	if chain {
		header["x5c"] = []any{base64.StdEncoding.EncodeToString(der)}
	}
	require.Equal(t, header, members[0])

	payload := members[1]
	require.ElementsMatch(t, []string{"aud", "iss", "sub", "jti", "nbf", "exp"}, slices.Collect(maps.Keys(payload)), "no iat")
	require.Equal(t, s.Authority()+"/oauth2/v2.0/token", payload["aud"])
	require.Equal(t, s.ClientID(), payload["iss"])
	require.Equal(t, s.ClientID(), payload["sub"])
	require.NotEmpty(t, payload["jti"])
	require.InDelta(t, 600, payload["exp"].(float64)-payload["nbf"].(float64), 5)
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
			w := newWire(s)
			credential, err := azidentity.NewManagedIdentityCredential(
				&azidentity.ManagedIdentityCredentialOptions{ClientOptions: optionsOver(s, w)})
			require.NoError(t, err)
			a := newAPI(s, credential)
			identity := s.ManagedIdentity().ClientID

			during, _ := a.heals(t, "/users", func() { s.Revoke(identity) })
			require.Equal(t, 0, during.TokenRequests, "the platform is asked, not Entra")

			r := w.last(t, "")
			r.requireMembers(t, "api-version", "resource") // and nothing of the claims
			require.Equal(t, strings.TrimSuffix(s.Scope(), "/.default"), r.form.Get("resource"))
			version := map[string]string{"IMDS": "2018-02-01", "App Service": "2019-08-01"}[platform]
			require.Equal(t, version, r.form.Get("api-version"))
			if platform == "IMDS" {
				require.Equal(t, "true", r.header.Get("Metadata"))
			} else {
				_, header := s.AppService()
				require.Equal(t, header, r.header.Get("X-Identity-Header"))
			}

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
