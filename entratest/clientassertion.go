package entratest

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/msalcae/msalcae/entratest/internal/jose"
)

// assertionClaims are what is looked at in a client assertion (RFC 7523 section
// 3).
type assertionClaims struct {
	Issuer    string    `json:"iss"`
	Subject   string    `json:"sub"`
	Audience  audiences `json:"aud"`
	Expires   float64   `json:"exp"`
	NotBefore float64   `json:"nbf"`
	ID        string    `json:"jti"`
}

// audiences are an aud claim: a text or a list (RFC 7519 section 4.1.3).
type audiences []string

func (a *audiences) UnmarshalJSON(b []byte) error {
	var one string
	if json.Unmarshal(b, &one) == nil {
		*a = audiences{one}
		return nil
	}
	return json.Unmarshal(b, (*[]string)(a))
}

// inTime checks exp, which must be there, and nbf, which may be.
func (c *assertionClaims) inTime(now time.Time) *aadError {
	at, skew := float64(now.Unix()), maxSkew.Seconds()
	if at >= c.Expires+skew || at+skew < c.NotBefore {
		return aad(700024, isoTime(now), unixText(c.NotBefore), unixText(c.Expires))
	}
	return nil
}

// unixText is a NumericDate for people, within the years that have four digits.
func unixText(seconds float64) string {
	return isoTime(time.Unix(int64(min(max(seconds, 0), 1<<37)), 0))
}

// StrictAssertions makes a client assertion that is signed with a certificate
// good for one request, and demands a jti of it, as RFC 7523 section 3 allows.
// Entra is not known to: by default an assertion may be used until it expires.
func (s *Server) StrictAssertions(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.policy.strictAssertions = on
}

// clientAssertion checks what an application proves itself with: a token signed
// by a certificate of its own (private_key_jwt of OpenID Connect Core section
// 9), or one of an issuer that it trusts. s.mu is held.
func (s *Server) clientAssertion(req *tokenRequest, assertion string) *aadError {
	switch kind := req.form.Get("client_assertion_type"); kind {
	case assertionType:
	case "":
		return aad(900144, "client_assertion_type")
	default:
		return aad(90100, "client_assertion_type")
	}
	token, err := jose.Parse(assertion)
	if err != nil {
		return aad(50027)
	}
	var claims assertionClaims
	if token.Claims(&claims) != nil {
		return aad(50027)
	}
	if !strings.EqualFold(claims.Issuer, req.app.ClientID) {
		return s.federated(req.app, token, &claims)
	}
	return s.ownAssertion(req.app, token, &claims)
}

// ownAssertion checks an assertion that the application has signed itself.
func (s *Server) ownAssertion(app *app, token *jose.Token, claims *assertionClaims) *aadError {
	now := s.entraNow()
	cert, aadErr := app.signer(&token.Header, now)
	switch {
	case aadErr != nil:
		return aadErr
	case token.Verify(cert.PublicKey) != nil:
		return aad(700027, "the signature does not match the certificate's key")
	case !strings.EqualFold(claims.Subject, app.ClientID):
		return aad(700021)
	case !slices.ContainsFunc(claims.Audience, s.isTokenEndpoint):
		return aad(70002, "the audience of the client assertion is not this token endpoint")
	}
	if err := claims.inTime(now); err != nil {
		return err
	}
	if !s.policy.strictAssertions {
		return nil
	}
	key := app.ClientID + " " + claims.ID
	if _, used := s.usedAssertions.Get(key); used || claims.ID == "" {
		return aad(70002, "the client assertion has no jti, or was used before")
	}
	s.usedAssertions.Put(key, struct{}{})
	return nil
}

// signer returns the application's certificate that the header names by its
// thumbprint, or the one in the header if a registered authority issued it.
func (a *app) signer(h *jose.Header, now time.Time) (*x509.Certificate, *aadError) {
	for _, cert := range a.Certificates {
		sum := sha256.Sum256(cert.Raw)
		if sameBytes(h.ThumbprintSHA256, sum[:]) || looseBase64(h.Thumbprint) == jose.Thumbprint(cert) {
			if now.Before(cert.NotBefore) || now.After(cert.NotAfter) {
				return nil, aad(700027, "the certificate is not within its valid time range")
			}
			return cert, nil
		}
	}
	leaf, issued := a.issuedSigner(h, now)
	switch {
	case issued:
		return leaf, nil
	case leaf != nil:
		return nil, aad(700030)
	}
	return nil, aad(700027, "the certificate with the identifier in the header is not registered on the application")
}

// issuedSigner returns the certificate that the header brings, and whether an
// authority among the application's certificates vouches for it.
func (a *app) issuedSigner(h *jose.Header, now time.Time) (leaf *x509.Certificate, ok bool) {
	roots, between := x509.NewCertPool(), x509.NewCertPool()
	for _, cert := range a.Certificates {
		if cert.IsCA {
			roots.AddCert(cert)
		}
	}
	for i, text := range h.Chain[:min(len(h.Chain), maxChain)] {
		der, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			return nil, false
		}
		cert, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, false
		}
		if i == 0 {
			leaf = cert
		} else {
			between.AddCert(cert)
		}
	}
	if leaf == nil {
		return nil, false
	}
	_, err := leaf.Verify(x509.VerifyOptions{Roots: roots, Intermediates: between, CurrentTime: now,
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
	return leaf, err == nil
}

// maxChain bounds how many certificates of a header are looked at.
const maxChain = 5

// isTokenEndpoint tells whether an audience names the authority: by a token
// endpoint or by an issuer, of any tenant and host name.
func (s *Server) isTokenEndpoint(audience string) bool {
	u, err := url.Parse(audience)
	if err != nil || u.Scheme != "https" || !s.ownHost(u.Host) {
		return false
	}
	tenant, rest, _ := strings.Cut(strings.TrimPrefix(u.Path, "/"), "/")
	_, known := s.tenant(tenant)
	return known && slices.Contains([]string{"oauth2/v2.0/token", "oauth2/token", "v2.0", ""}, strings.TrimSuffix(rest, "/"))
}

// looseBase64 is base64 of either alphabet, padded or not, as base64url: MSAL
// Go writes thumbprints in the standard alphabet.
func looseBase64(text string) string {
	return strings.NewReplacer("+", "-", "/", "_", "=", "").Replace(text)
}

// sameBytes tells whether text is want in base64.
func sameBytes(text string, want []byte) bool {
	return looseBase64(text) == base64.RawURLEncoding.EncodeToString(want)
}
