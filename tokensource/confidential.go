package tokensource

import (
	"context"
	"net/http"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"
	"github.com/msalcae/msalcae"
)

// ConfidentialConfig describes a confidential client.
type ConfidentialConfig struct {
	Authority  string // such as https://login.microsoftonline.com/<tenant>
	ClientID   string
	Credential confidential.Credential
	HTTPClient *http.Client
}

// Confidential gives sources of a confidential client.
type Confidential struct{ client confidential.Client }

// NewConfidential builds the MSAL client with capability cp1.
func NewConfidential(cfg ConfidentialConfig) (*Confidential, error) {
	client, err := confidential.New(cfg.Authority, cfg.ClientID, cfg.Credential,
		confidential.WithClientCapabilities([]string{"cp1"}),
		confidential.WithHTTPClient(cfg.HTTPClient),
		confidential.WithInstanceDiscovery(false))
	if err != nil {
		return nil, err
	}
	return WrapConfidential(client), nil
}

// WrapConfidential uses a client that the caller built with capability cp1.
func WrapConfidential(client confidential.Client) *Confidential { return &Confidential{client} }

// App returns a source of the application's own tokens.
func (c *Confidential) App(scopes ...string) *Source {
	return newSource(flow{acquire: func(ctx context.Context, req msalcae.TokenRequest) (*msalcae.Token, error) {
		var opts []confidential.AcquireByCredentialOption
		if req.Claims != "" {
			opts = append(opts, confidential.WithClaims(req.Claims))
		}
		res, err := c.client.AcquireTokenByCredential(ctx, scopes, opts...)
		if err != nil {
			return nil, err
		}
		return &msalcae.Token{Value: res.AccessToken, ExpiresOn: res.ExpiresOn}, nil
	}})
}
