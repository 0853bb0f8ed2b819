package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/msalcae/msalcae/cache"
)

// A place is an Entra and the Graph that it protects.
type place struct {
	authority, clientID string
	graph, scope        string
	transport           http.RoundTripper
	// openPage shows a sign-in page; nil: in the system's browser.
	openPage func(string) error
	// cache outlives the command; nil: nothing does.
	cache func(errout io.Writer) *cache.Cache
	// watch is where a code to enter is written.
	watch func(io.Writer) io.Writer
	close func()
}

// environment returns the place that the environment names, nil if it names
// none.
func environment() (*place, error) {
	e := &place{
		clientID: os.Getenv("MSALCAE_CLIENT_ID"),
		graph:    strings.TrimSuffix(os.Getenv("MSALCAE_GRAPH"), "/"),
		watch:    func(w io.Writer) io.Writer { return w },
		cache:    openCache,
		close:    func() {},
	}
	authority, tenant, caFile := os.Getenv("MSALCAE_AUTHORITY"), os.Getenv("MSALCAE_TENANT"), os.Getenv("MSALCAE_CA_FILE")
	if e.clientID == "" {
		if e.graph+authority+tenant+caFile != "" {
			return nil, errors.New("MSALCAE_CLIENT_ID is not set; set it to the id of an application that is registered as a public client")
		}
		return nil, nil
	}
	var err error
	if e.authority, err = authorityOf(authority, tenant); err != nil {
		return nil, err
	}
	if e.graph == "" {
		e.graph = "https://graph.microsoft.com/v1.0"
	}
	u, err := url.Parse(e.graph)
	if err != nil || u.Scheme != "https" || u.Host == "" {
		return nil, errors.New("MSALCAE_GRAPH is not an address such as https://graph.microsoft.com/v1.0")
	}
	e.scope = "https://" + u.Host + "/.default"
	e.transport, err = transport(caFile)
	return e, err
}

// authorityOf puts the tenant behind the authority, in the place of one that is
// there already.
func authorityOf(authority, tenant string) (string, error) {
	if authority == "" {
		authority = "https://login.microsoftonline.com"
	}
	u, err := url.Parse(authority)
	if err != nil || u.Host == "" {
		return "", errors.New("MSALCAE_AUTHORITY is not an address such as https://login.microsoftonline.com")
	}
	switch {
	case tenant != "":
		u.Path = "/" + tenant
	case strings.Trim(u.Path, "/") == "":
		u.Path = "/organizations"
	}
	return u.String(), nil
}

// transport trusts the certificates of a file besides the system's.
func transport(caFile string) (http.RoundTripper, error) {
	t := http.DefaultTransport.(*http.Transport).Clone()
	if caFile == "" {
		return t, nil
	}
	pem, err := os.ReadFile(caFile)
	if err != nil {
		return nil, fmt.Errorf("MSALCAE_CA_FILE cannot be read: %w", err)
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool()
	}
	if !roots.AppendCertsFromPEM(pem) {
		return nil, errors.New("MSALCAE_CA_FILE has no certificates in PEM form")
	}
	t.TLSClientConfig = &tls.Config{RootCAs: roots}
	return t, nil
}
