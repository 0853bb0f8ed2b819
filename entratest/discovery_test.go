package entratest_test

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestOpenIDConfiguration(t *testing.T) {
	s := newServer(t)
	origin := strings.TrimSuffix(s.Authority(), "/"+s.Tenant())
	for tenant, issuer := range map[string]string{
		s.Tenant():      origin + "/" + s.Tenant() + "/v2.0",
		"contoso.test":  origin + "/" + s.Tenant() + "/v2.0",
		"common":        origin + "/{tenantid}/v2.0",
		"organizations": origin + "/{tenantid}/v2.0",
	} {
		doc := get(t, s, origin+"/"+tenant+"/v2.0/.well-known/openid-configuration?")
		require.Equal(t, 200, doc.status)
		assert.Equal(t, issuer, doc.text("issuer"))
		assert.Equal(t, origin+"/"+tenant+"/oauth2/v2.0/authorize", doc.text("authorization_endpoint"))
		assert.Equal(t, origin+"/"+tenant+"/oauth2/v2.0/token", doc.text("token_endpoint"))
		assert.Equal(t, 200, get(t, s, doc.text("jwks_uri")).status)
	}
}

// MSAL refuses an issuer of another host than the authority's, whichever of
// its names the client uses.
func TestDiscoverySpeaksOfTheHostAsked(t *testing.T) {
	s := newServer(t)
	_, port, _ := strings.Cut(strings.TrimPrefix(s.Authority(), "https://127.0.0.1"), ":")
	port, _, _ = strings.Cut(port, "/")
	for _, host := range []string{"localhost:" + port, "login.microsoftonline.com", "login.microsoftonline.us", "login.sovcloud-identity.fr"} {
		doc := get(t, s, "https://"+host+"/common/v2.0/.well-known/openid-configuration")
		require.Equal(t, 200, doc.status, host)
		assert.Equal(t, "https://"+host+"/{tenantid}/v2.0", doc.text("issuer"))
		assert.Equal(t, "https://"+host+"/common/oauth2/v2.0/token", doc.text("token_endpoint"))
	}
}

func TestUnknownTenant(t *testing.T) {
	s := newServer(t)
	origin := strings.TrimSuffix(s.Authority(), "/"+s.Tenant())
	for _, path := range []string{"/fabrikam.test/v2.0/.well-known/openid-configuration", "/fabrikam.test/discovery/v2.0/keys"} {
		a := get(t, s, origin+path)
		assert.Equal(t, 400, a.status)
		assert.Equal(t, "invalid_tenant", a.text("error"))
		assert.Equal(t, 90002, a.code())
	}
	assert.Equal(t, 404, get(t, s, origin+"/nothing/here").status)
}

func TestInstanceDiscovery(t *testing.T) {
	s := newServer(t)
	ask := func(host, authority string) answer {
		return get(t, s, "https://"+host+"/common/discovery/instance?api-version=1.1&authorization_endpoint="+
			url.QueryEscape(authority+"/oauth2/v2.0/authorize"))
	}
	host := strings.TrimPrefix(strings.TrimSuffix(s.Authority(), "/"+s.Tenant()), "https://")
	// Where MSAL asks about an authority that it does not know.
	a := ask("login.microsoftonline.com", s.Authority())
	require.Equal(t, 200, a.status)
	assert.Equal(t, s.Authority()+"/v2.0/.well-known/openid-configuration", a.text("tenant_discovery_endpoint"))
	assert.Equal(t, "1.1", a.text("api-version"))
	var body struct{ Metadata []struct{ Aliases []string } }
	require.NoError(t, json.Unmarshal(a.body, &body))
	var aliases []string
	for _, m := range body.Metadata {
		aliases = append(aliases, m.Aliases...)
	}
	assert.Contains(t, aliases, host)
	assert.Contains(t, aliases, "login.microsoftonline.com")

	for _, stranger := range []string{"https://login.fabrikam.test/common", "http://" + host + "/common", "::", ""} {
		a := ask(host, stranger)
		assert.Equal(t, 400, a.status, stranger)
		assert.Equal(t, "invalid_instance", a.text("error"))
		assert.Equal(t, 50049, a.code())
	}
}

// A resource library would check a token so: with nothing but the JWKS.
func TestKeysVerifyTokens(t *testing.T) {
	s := newServer(t)
	token := post(t, s, daemon(s, "")).token()
	parts := strings.Split(token, ".")
	var header struct{ Alg, Typ, Kid string }
	b, err := base64.RawURLEncoding.DecodeString(parts[0])
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(b, &header))
	assert.Equal(t, "RS256", header.Alg)

	doc := get(t, s, s.Authority()+"/discovery/v2.0/keys")
	var set struct {
		Keys []struct {
			Kty, Use, Kid, N, E, Issuer string
			X5c                         []string
		}
	}
	require.NoError(t, json.Unmarshal(doc.body, &set))
	require.Len(t, set.Keys, 1)
	k := set.Keys[0]
	assert.Equal(t, header.Kid, k.Kid)
	assert.Equal(t, "RSA", k.Kty)
	assert.Equal(t, "sig", k.Use)
	assert.Equal(t, s.Authority()+"/v2.0", k.Issuer)
	n, err := base64.RawURLEncoding.DecodeString(k.N)
	require.NoError(t, err)
	e, err := base64.RawURLEncoding.DecodeString(k.E)
	require.NoError(t, err)
	public := &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(new(big.Int).SetBytes(e).Int64())}
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	require.NoError(t, err)
	assert.NoError(t, rsa.VerifyPKCS1v15(public, crypto.SHA256, sum[:], signature))

	der, err := base64.StdEncoding.DecodeString(k.X5c[0])
	require.NoError(t, err)
	cert, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	assert.True(t, public.Equal(cert.PublicKey))
}

// Production URLs work unchanged, from discovery to the API's challenge.
func TestClientReroutesMicrosoft(t *testing.T) {
	s := newServer(t)
	form := daemon(s, cp1)
	form.Set("scope", "https://graph.microsoft.com/.default")
	resp, err := s.Client().PostForm("https://login.microsoftonline.com/"+s.Tenant()+"/oauth2/v2.0/token", form)
	require.NoError(t, err)
	defer resp.Body.Close()
	var a answer
	require.NoError(t, json.NewDecoder(resp.Body).Decode(&a.json))
	claims := payload(t, a.token())
	assert.Equal(t, "https://login.microsoftonline.com/"+s.Tenant()+"/v2.0", claims["iss"])
	assert.Equal(t, "https://graph.microsoft.com", claims["aud"])

	users := func() answer {
		return send(t, s.Client(), bearer(t, "GET", "https://graph.microsoft.com/v1.0/users", a.token(), nil))
	}
	assert.Equal(t, 200, users().status)
	s.Revoke(s.ClientID())
	refused := users()
	assert.Equal(t, 401, refused.status)
	assert.Contains(t, refused.header.Get("WWW-Authenticate"), `authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize"`)
	assert.Equal(t, 1, s.Stats().Challenges)
}
