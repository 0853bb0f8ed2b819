package main

import (
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/msalcae/msalcae/entratest"
	"github.com/msalcae/msalcae/entratest/admin"
	"github.com/msalcae/msalcae/entratest/live"
)

// Ready is the line that the command prints when it is ready.
type Ready struct {
	Authority      string `json:"authority"` // https://127.0.0.1:port/tenant
	Tenant         string `json:"tenant"`    // its id
	ClientID       string `json:"client_id"` // of the confidential client
	ClientSecret   string `json:"client_secret"`
	PublicClientID string `json:"public_client_id"`
	Username       string `json:"username"` // of a user
	Password       string `json:"password"`
	Scope          string `json:"scope"`      // all that was granted on the API, for an application or a user
	UserScope      string `json:"user_scope"` // one permission of the API, for a user
	API            string `json:"api"`        // base URL: api + "/me"
	CAFile         string `json:"ca_file"`    // certificate to trust, PEM; removed at the end
	Admin          string `json:"admin"`      // base URL of the admin endpoints: admin + "/revoke"
	Page           string `json:"page"`       // for people: what happens, and buttons for the switches

	// Where Azure's machines have tokens of managed identities: the values of
	// AZURE_POD_IDENTITY_AUTHORITY_HOST, IDENTITY_ENDPOINT and IDENTITY_HEADER.
	IMDS             string `json:"imds"`
	IdentityEndpoint string `json:"identity_endpoint"`
	IdentityHeader   string `json:"identity_header"`
}

func ready(s *entratest.Server, caFile, adminURL string) Ready {
	endpoint, header := s.AppService()
	return Ready{
		Authority: s.Authority(), Tenant: s.Tenant(),
		ClientID: s.ClientID(), ClientSecret: s.ClientSecret(), PublicClientID: s.PublicClientID(),
		Username: s.Username(), Password: s.Password(),
		Scope: s.Scope(), UserScope: strings.TrimSuffix(s.Scope(), ".default") + "User.Read",
		API: s.API(), CAFile: caFile, Admin: adminURL, Page: strings.TrimSuffix(adminURL, "admin"),
		IMDS: s.IMDS(), IdentityEndpoint: endpoint, IdentityHeader: header,
	}
}

// A caFile is in a folder of its own.
type caFile struct{ dir, file string }

func writeCA(s *entratest.Server) (*caFile, error) {
	dir, err := os.MkdirTemp("", "entratest-")
	if err != nil {
		return nil, err
	}
	ca := &caFile{dir, filepath.Join(dir, "ca.pem")}
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	if err := os.WriteFile(ca.file, block, 0o600); err != nil {
		return nil, errors.Join(err, ca.remove())
	}
	return ca, nil
}

func (ca *caFile) remove() error { return os.RemoveAll(ca.dir) }

// An adminSite is the listener of the admin endpoints, and of the page for
// people at its root.
type adminSite struct {
	url    string
	server *http.Server
}

func openAdmin(port int, h *admin.Handler) (*adminSite, error) {
	l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return nil, fmt.Errorf("the admin endpoints cannot listen: %w", err)
	}
	mux := http.NewServeMux()
	mux.Handle("/admin", h)
	mux.Handle("/admin/", h)
	mux.Handle("/", live.Handler())
	server := &http.Server{Handler: mux, ReadHeaderTimeout: time.Minute, MaxHeaderBytes: 64 << 10}
	go server.Serve(l) // until close
	return &adminSite{"http://" + l.Addr().String() + "/admin", server}, nil
}

func (a *adminSite) close() { a.server.Close() }
