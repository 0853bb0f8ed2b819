package entratest_test

import (
	"crypto/x509"
	"encoding/base64"
	"testing"
	"time"

	"github.com/msalcae/msalcae/entratest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

type object = map[string]any

func TestClientAssertion(t *testing.T) {
	s := newServer(t)
	own := clientSigner(s)
	now := time.Now().Unix()
	for name, c := range map[string]struct {
		header, claims object
		code           int
	}{
		"PS256, x5t#S256":          {object{"alg": "PS256", "x5t#S256": own.x5tS256()}, nil, 0},
		"RS256, x5t":               {object{"alg": "RS256", "x5t": own.x5t()}, nil, 0},
		"audience is the issuer":   {nil, object{"aud": s.Authority() + "/v2.0"}, 0},
		"audience is a list":       {nil, object{"aud": []string{"x", "https://login.microsoftonline.com/common/oauth2/v2.0/token"}}, 0},
		"without nbf and jti":      {nil, object{"nbf": nil, "jti": ""}, 0},
		"no thumbprint":            {object{"alg": "PS256"}, nil, 700027},
		"another's thumbprint":     {object{"alg": "PS256", "x5t": "AAAA"}, nil, 700027},
		"said to be HS256":         {object{"alg": "HS256", "x5t": own.x5t()}, nil, 700027},
		"said to be RS256":         {object{"alg": "ES256", "x5t": own.x5t()}, nil, 700027},
		"of another subject":       {nil, object{"sub": s.PublicClientID()}, 700021},
		"for another":              {nil, object{"aud": "https://login.fabrikam.test/common/v2.0"}, 70002},
		"for an unknown tenant":    {nil, object{"aud": s.Authority() + "x/oauth2/v2.0/token"}, 70002},
		"for another endpoint":     {nil, object{"aud": s.Authority() + "/oauth2/v2.0/devicecode"}, 70002},
		"for nobody":               {nil, object{"aud": nil}, 70002},
		"expired":                  {nil, object{"exp": now - 301}, 700024},
		"expired within tolerance": {nil, object{"exp": now - 200}, 0},
		"without exp":              {nil, object{"exp": nil}, 700024},
		"not yet":                  {nil, object{"nbf": now + 400}, 700024},
		"exp beyond all years":     {nil, object{"nbf": 1e300}, 700024},
		"claims of another kind":   {nil, object{"exp": "soon"}, 50027},
		"audience of another kind": {nil, object{"aud": 7}, 50027},
	} {
		header := c.header
		if header == nil {
			header = object{"alg": "PS256", "typ": "JWT", "x5t#S256": own.x5tS256()}
		}
		got := post(t, s, asserted(s, s.ClientID(), own.sign(t, header, goodClaims(s, s.ClientID(), c.claims))))
		assert.Equal(t, c.code, got.code(), name)
		if c.code == 0 && assert.Equal(t, 200, got.status, name) {
			assert.Equal(t, "2", payload(t, got.token())["azpacr"], name)
			continue
		}
		assert.Equal(t, 401, got.status, name)
		assert.Equal(t, "invalid_client", got.text("error"), name)
	}
	stranger := signer{strangerKey(), own.cert}
	forged := stranger.sign(t, object{"alg": "PS256", "x5t": own.x5t()}, goodClaims(s, s.ClientID(), nil))
	assert.Equal(t, 700027, post(t, s, asserted(s, s.ClientID(), forged)).code(), "signed with another key")
	assert.Equal(t, 50027, post(t, s, asserted(s, s.ClientID(), "no token")).code())
	assert.Equal(t, 700025, post(t, s, asserted(s, s.PublicClientID(), forged)).code())
	assert.Equal(t, 200, post(t, s, daemon(s, cp1)).status, "the secret is good still")
}

func TestClientAssertionOnce(t *testing.T) {
	s := newServer(t)
	own := clientSigner(s)
	sign := func(changes object) string {
		return own.sign(t, object{"alg": "PS256", "x5t": own.x5t()}, goodClaims(s, s.ClientID(), changes))
	}
	assertion := sign(nil)
	for range 2 {
		assert.Equal(t, 200, post(t, s, asserted(s, s.ClientID(), assertion)).status)
	}
	s.StrictAssertions(true)
	assert.Equal(t, 200, post(t, s, asserted(s, s.ClientID(), assertion)).status)
	assert.Equal(t, 70002, post(t, s, asserted(s, s.ClientID(), assertion)).code())
	assert.Equal(t, 70002, post(t, s, asserted(s, s.ClientID(), sign(object{"jti": ""}))).code())
	s.Reset()
	assert.Equal(t, 200, post(t, s, asserted(s, s.ClientID(), assertion)).status, "the certificate stays")
}

func TestRegisteredCertificates(t *testing.T) {
	s := newServer(t)
	valid := certificate(t, strangerKey(), nil, nil)
	expired := certificate(t, strangerKey(), nil, func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) })
	curve := certificate(t, newECKey(t), nil, nil)
	authority := certificate(t, newECKey(t), nil, func(c *x509.Certificate) { c.IsCA, c.BasicConstraintsValid = true, true })
	issued := certificate(t, strangerKey(), &authority, nil)
	app := s.AddApp(entratest.App{Name: "with certificates", Certificates: []*x509.Certificate{valid.cert, expired.cert, curve.cert}}).ClientID
	ask := func(by signer, header object) answer {
		return post(t, s, asserted(s, app, by.sign(t, header, goodClaims(s, app, nil))))
	}
	chain := func(certs ...signer) (all []string) {
		for _, c := range certs {
			all = append(all, base64.StdEncoding.EncodeToString(c.cert.Raw))
		}
		return all
	}
	assert.Equal(t, 200, ask(valid, object{"alg": "PS256", "x5t": valid.x5t()}).status)
	assert.Equal(t, 200, ask(curve, object{"alg": "ES256", "x5t#S256": curve.x5tS256()}).status)
	assert.Equal(t, 700027, ask(expired, object{"alg": "PS256", "x5t": expired.x5t()}).code())
	assert.Equal(t, 7000218, post(t, s, asserted(s, app, "")).code(), "an application with a certificate is confidential")

	unknown := object{"alg": "PS256", "x5t": issued.x5t(), "x5c": chain(issued, authority)}
	assert.Equal(t, 700030, ask(issued, unknown).code(), "its authority is not registered")
	s.AddCertificate(app, authority.cert)
	assert.Equal(t, 200, ask(issued, unknown).status)
	assert.Equal(t, 700027, ask(issued, object{"alg": "PS256", "x5t": issued.x5t()}).code(), "not brought along")
	assert.Equal(t, 700027, ask(issued, object{"alg": "PS256", "x5c": []string{"%"}}).code())
	assert.Equal(t, 700027, ask(issued, object{"alg": "PS256", "x5c": []string{"AAAA"}}).code())
	assert.PanicsWithValue(t, `entratest: there is no application "nobody"`, func() { s.AddCertificate("nobody") })
	require.Equal(t, 401, ask(issued, object{"alg": "PS256", "x5c": chain(authority)}).status)
}
