package entratest

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// An App is an application registered with the tenant.
type App struct {
	ClientID string `json:"client_id"`        // a GUID; AddApp makes one for ""
	Secret   string `json:"secret,omitempty"` // "": a public client
	Name     string `json:"name,omitempty"`   // display name
	// RedirectURIs are compared exactly, but the port of http://localhost and
	// http://127.0.0.1 is ignored. A public client may use those two with any
	// path besides.
	RedirectURIs []string `json:"redirect_uris,omitempty"`
	// SinglePageRedirectURIs are those of an application in a browser, whose
	// scripts redeem codes and refresh tokens from another origin. Its refresh
	// tokens end 24 hours after the sign-in. Compared as RedirectURIs are.
	SinglePageRedirectURIs []string `json:"single_page_redirect_uris,omitempty"`
	// Certificates are those whose keys sign client assertions. One of a
	// certificate authority stands for all that it has issued, if an assertion
	// brings them along (x5c). An application that has a secret, a certificate
	// or a federated credential is a confidential client.
	Certificates []*x509.Certificate `json:"-"`
	// FederatedCredentials are the tokens of other issuers that are good as
	// client assertions.
	FederatedCredentials []FederatedCredential `json:"federated_credentials,omitempty"`
	// AllowPublicClient lets a confidential client do without proof in all grants
	// but those that need one: "allow public client flows" of a registration.
	AllowPublicClient bool `json:"allow_public_client,omitempty"`
	// LogoutURL is loaded in a frame when a session ends of which the application
	// has had a code (front-channel logout); "" is none.
	LogoutURL string `json:"logout_url,omitempty"`
	// IdentifierURIs are what the application's own API is called, besides its
	// client id and "api://" followed by it: tokens for the API are issued under
	// all of them, and are good for the application to act on behalf of a user.
	IdentifierURIs []string `json:"identifier_uris,omitempty"`
}

// clone returns a copy that shares no list with a.
func (a App) clone() App {
	a.RedirectURIs, a.IdentifierURIs = slices.Clone(a.RedirectURIs), slices.Clone(a.IdentifierURIs)
	a.SinglePageRedirectURIs = slices.Clone(a.SinglePageRedirectURIs)
	a.Certificates, a.FederatedCredentials = slices.Clone(a.Certificates), slices.Clone(a.FederatedCredentials)
	return a
}

type app struct {
	App
	principal
	managed *ManagedIdentity // nil: it is none
}

func (a *app) confidential() bool {
	return a.managed != nil || a.Secret != "" || len(a.Certificates) > 0 || len(a.FederatedCredentials) > 0
}

// redirectAllowed implements Entra's comparison of redirect URIs.
func (a *app) redirectAllowed(uri string) bool {
	u, err := url.Parse(uri)
	if err != nil || u.Scheme == "" || strings.Contains(uri, "#") || u.User != nil {
		return false
	}
	return registered(a.RedirectURIs, uri, u) || registered(a.SinglePageRedirectURIs, uri, u) ||
		loopbackHTTP(u) && !a.confidential()
}

// registered looks for a URI among redirect URIs; u is the same, parsed.
func registered(uris []string, uri string, u *url.URL) bool {
	return slices.Contains(uris, uri) || loopbackHTTP(u) && slices.ContainsFunc(uris, func(have string) bool {
		h, err := url.Parse(have)
		return err == nil && loopbackHTTP(h) && h.Hostname() == u.Hostname() &&
			strings.TrimSuffix(h.Path, "/") == strings.TrimSuffix(u.Path, "/") && h.RawQuery == u.RawQuery
	})
}

func loopbackHTTP(u *url.URL) bool {
	return u.Scheme == "http" && (u.Hostname() == "localhost" || u.Hostname() == "127.0.0.1")
}

// AddApp registers an application and returns it completed. It panics if the
// client id is taken, by a deleted application for example.
func (s *Server) AddApp(a App) App {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.app(a.ClientID) != nil || s.wasObject(a.ClientID) {
		panic(fmt.Sprintf("entratest: AddApp: the client id %q is taken", a.ClientID))
	}
	return s.addApp(a.clone()).App
}

// AddCertificate registers certificates of an application, given by its client
// id, as [App.Certificates] does. It panics if there is no such application.
func (s *Server) AddCertificate(clientID string, certs ...*x509.Certificate) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.mustApp(clientID)
	a.Certificates = append(slices.Clip(a.Certificates), certs...)
}

// ClientCertificate returns a certificate of the confidential client with its
// private key (an *rsa.PrivateKey), for client assertions in the place of
// ClientSecret. It is one for all servers of a process, and registered with
// the first call.
func (s *Server) ClientCertificate() tls.Certificate {
	key := sharedClientKey()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.certified = true
	s.certify()
	return tls.Certificate{Certificate: [][]byte{key.Certificate.Raw}, PrivateKey: key.Signer(), Leaf: key.Certificate}
}

// certify registers what ClientCertificate has returned. s.mu is held.
func (s *Server) certify() {
	a, cert := s.app(clientID), sharedClientKey().Certificate
	if a != nil && !slices.Contains(a.Certificates, cert) {
		a.Certificates = append(slices.Clip(a.Certificates), cert)
	}
}

// AddFederatedCredential registers federated credentials of an application,
// given by its client id, as [App.FederatedCredentials] does. It panics if
// there is no such application.
func (s *Server) AddFederatedCredential(clientID string, creds ...FederatedCredential) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.mustApp(clientID)
	a.FederatedCredentials = append(slices.Clip(a.FederatedCredentials), creds...)
}

// mustApp finds an application. s.mu is held.
func (s *Server) mustApp(clientID string) *app {
	a := s.app(clientID)
	if a == nil {
		panic(fmt.Sprintf("entratest: there is no application %q", clientID))
	}
	return a
}

// AddRedirectURI registers redirect URIs of the confidential client, which
// begins with none.
func (s *Server) AddRedirectURI(uris ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.app(clientID)
	a.RedirectURIs = append(slices.Clip(a.RedirectURIs), uris...)
}

// owner returns the application whose API a resource is; nil: Graph, or
// nothing known. What Protect wraps under a name that no application claims is
// the confidential client's.
func (d *directory) owner(resource string) *app {
	for _, a := range d.apps {
		if a.isResource(resource) {
			return a
		}
	}
	if hasFold(d.protected, resource) && !hasFold(d.resources, resource) {
		return d.app(clientID)
	}
	return nil
}

// isResource tells whether the application's API goes by the name.
func (a *app) isResource(name string) bool {
	return strings.EqualFold(name, a.ClientID) || strings.EqualFold(name, "api://"+a.ClientID) || hasFold(a.IdentifierURIs, name)
}

// isResource tells whether tokens are issued for an API of the name.
func (d *directory) isResource(name string) bool {
	return hasFold(d.resources, name) || hasFold(d.protected, name) ||
		slices.ContainsFunc(d.apps, func(a *app) bool { return a.isResource(name) })
}
