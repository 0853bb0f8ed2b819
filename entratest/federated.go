package entratest

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/msalcae/msalcae/entratest/internal/ids"
	"github.com/msalcae/msalcae/entratest/internal/jose"
)

// A FederatedCredential lets an application prove itself with a token of
// another issuer: its subject there is the application here. See
// https://learn.microsoft.com/entra/workload-id/workload-identity-federation.
type FederatedCredential struct {
	Issuer   string `json:"issuer"`             // as iss has it; compared exactly
	Subject  string `json:"subject"`            // as sub has it; compared exactly
	Audience string `json:"audience,omitempty"` // in aud; "" is api://AzureADTokenExchange
}

// exchangeAudience is what tokens for federated credentials are for.
const exchangeAudience = "api://AzureADTokenExchange"

func (c FederatedCredential) audience() string {
	if c.Audience == "" {
		return exchangeAudience
	}
	return c.Audience
}

// federated checks a token of another issuer against the application's
// federated credentials. s.mu is held.
func (s *Server) federated(app *app, token *jose.Token, claims *assertionClaims) *aadError {
	if err := app.matchFederated(claims); err != nil {
		return err
	}
	key, own := s.issuerKey(claims.Issuer, token.Header.KeyID)
	switch {
	case key == nil || token.Verify(key.Public()) != nil:
		return aad(70023)
	case own && !appOnly(token):
		return aad(700229)
	}
	return claims.inTime(s.entraNow())
}

// matchFederated tells which of issuer, subject and audience no federated
// credential has, in the order in which Entra names them.
func (a *app) matchFederated(claims *assertionClaims) *aadError {
	mismatch := aad(700211, claims.Issuer)
	for _, c := range a.FederatedCredentials {
		switch {
		case c.Issuer != claims.Issuer:
		case c.Subject != claims.Subject:
			if mismatch.aadsts == 700211 {
				mismatch = aad(700213, claims.Subject)
			}
		case !hasFold(claims.Audience, c.audience()):
			mismatch = aad(700212, strings.Join(claims.Audience, " "))
		default:
			return nil
		}
	}
	return mismatch
}

// issuerKey returns the key of an issuer, and whether it is the authority
// itself; nil: unknown.
func (s *Server) issuerKey(issuer, kid string) (key *jose.Key, own bool) {
	if s.ownIssuer(issuer) {
		return s.key(kid), true
	}
	if key := issuersKey(); strings.HasPrefix(issuer, s.web.Origin()+issuersPath) && key.ID == kid {
		return key, false
	}
	return nil, false
}

// appOnly tells whether a token of the authority is an application's own.
func appOnly(token *jose.Token) bool {
	var t accessToken
	return token.Claims(&t) == nil && t.Kind == "app"
}

// issuersPath is where the issuers of NewIssuer are.
const issuersPath = "/issuers/"

// An Issuer is an identity provider outside Entra, as a Kubernetes cluster or a
// code host runs one, for workload identity federation. Register what it issues
// with [App.FederatedCredentials]. Its methods may be called concurrently.
type Issuer struct {
	s   *Server
	url string
}

// Issuer returns the issuer of a name, which is part of its URL. Its OpenID
// configuration and keys are served at the URL, over TLS with the server's
// certificate.
func (s *Server) Issuer(name string) *Issuer {
	return &Issuer{s: s, url: s.web.Origin() + issuersPath + url.PathEscape(name)}
}

// URL is the issuer's name in its tokens (iss).
func (i *Issuer) URL() string { return i.url }

// Token issues a token for a subject that is good for 10 minutes. Without an
// audience it is for api://AzureADTokenExchange. Written to a file, it is what
// a Kubernetes cluster projects into a pod (AZURE_FEDERATED_TOKEN_FILE).
func (i *Issuer) Token(subject string, audience ...string) string {
	return i.TokenFor(10*time.Minute, subject, audience...)
}

// TokenFor is Token with a lifetime of choice; one of zero or less has ended,
// by more than the five minutes that clocks may differ.
func (i *Issuer) TokenFor(lifetime time.Duration, subject string, audience ...string) string {
	now := time.Now()
	if lifetime <= 0 {
		lifetime -= 2 * maxSkew
	}
	if len(audience) == 0 {
		audience = []string{exchangeAudience}
	}
	return issuersKey().Sign(map[string]any{
		"iss": i.url, "sub": subject, "aud": audience, "jti": ids.NewGUID(),
		"iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(lifetime).Unix(),
	})
}

// GitHub returns values for ACTIONS_ID_TOKEN_REQUEST_URL and
// ACTIONS_ID_TOKEN_REQUEST_TOKEN, with which a workflow of GitHub Actions asks
// for its token: GET url+"&audience=..." with the token as a bearer. The answer
// is {"value": token} for the subject.
func (i *Issuer) GitHub(subject string) (url, token string) {
	return i.url + "/idtoken?api-version=2.0", issuersKey().Sign(map[string]any{"iss": i.url, "sub": subject, "aud": i.url})
}

func serveIssuer(x *exchange) {
	if x.faulty() {
		return
	}
	i := x.s.Issuer(x.r.PathValue("name"))
	switch x.r.PathValue("what") {
	case ".well-known/openid-configuration":
		x.json(http.StatusOK, map[string]any{"issuer": i.url, "jwks_uri": i.url + "/keys",
			"response_types_supported": []string{"id_token"}, "subject_types_supported": []string{"public"},
			"id_token_signing_alg_values_supported": []string{"RS256"}})
	case "keys":
		x.json(http.StatusOK, map[string]any{"keys": []any{issuersKey().JWK()}})
	case "idtoken":
		i.serveGitHub(x)
	default:
		x.WriteHeader(http.StatusNotFound)
	}
}

// serveGitHub answers a workflow.
func (i *Issuer) serveGitHub(x *exchange) {
	value, _ := strings.CutPrefix(x.r.Header.Get("Authorization"), "Bearer ")
	token, err := jose.Parse(value)
	var claims assertionClaims
	if err != nil || token.Verify(issuersKey().Public()) != nil || token.Claims(&claims) != nil ||
		claims.Issuer != i.url || !hasFold(claims.Audience, i.url) {
		x.WriteHeader(http.StatusUnauthorized)
		fmt.Fprint(x, "the request token is not good for this issuer")
		return
	}
	audience := bounded(x.r.URL.Query().Get("audience"))
	if audience == "" {
		audience = i.url
	}
	x.json(http.StatusOK, map[string]any{"value": i.Token(claims.Subject, audience), "count": 1})
}
