package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"
	"github.com/msalcae/msalcae/tokensource"
)

// identity returns the source of the daemon's own tokens, as the environment
// says who it is. client is for tests.
func identity(scope string, client *http.Client) (*tokensource.Source, error) {
	cfg := tokensource.ConfidentialConfig{
		Authority: cmp.Or(os.Getenv("MSALCAE_AUTHORITY"), "https://login.microsoftonline.com") + "/" + os.Getenv("MSALCAE_TENANT"),
		ClientID:  os.Getenv("MSALCAE_CLIENT_ID"),
	}
	var err error
	switch {
	case os.Getenv("MSALCAE_CERTIFICATE") != "":
		cfg.Credential, err = certificate(os.Getenv("MSALCAE_CERTIFICATE"))
	case os.Getenv("MSALCAE_CLIENT_SECRET") != "":
		cfg.Credential, err = confidential.NewCredFromSecret(os.Getenv("MSALCAE_CLIENT_SECRET"))
	case os.Getenv("AZURE_FEDERATED_TOKEN_FILE") != "":
		cfg, err = tokensource.WorkloadIdentity()
	default:
		machine, err := tokensource.NewManagedIdentity(tokensource.ManagedIdentityConfig{HTTPClient: client})
		if err != nil {
			return nil, err
		}
		return machine.App(scope), nil
	}
	if err != nil {
		return nil, err
	}
	cfg.HTTPClient = client
	app, err := tokensource.NewConfidential(cfg)
	if err != nil {
		return nil, err
	}
	return app.App(scope), nil
}

func certificate(file string) (confidential.Credential, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return confidential.Credential{}, fmt.Errorf("MSALCAE_CERTIFICATE: %w", err)
	}
	return tokensource.CertificateFromPEM(data)
}

// graphScope is what is asked for: all that was granted on Graph.
func graphScope(graph string) string {
	u, err := url.Parse(graph)
	if err != nil {
		return graph
	}
	return "https://" + u.Host + "/.default"
}

// decode reads an answer of bounded size.
func decode(body io.Reader, into any) error {
	return json.NewDecoder(io.LimitReader(body, 16<<20)).Decode(into)
}
