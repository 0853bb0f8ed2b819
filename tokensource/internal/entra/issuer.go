package entra

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
)

// Issuer returns the issuer of a tenant's ID tokens, "" for the authority's own
// tenant, as the discovery document has it (OpenID Connect Discovery 1.0 section
// 3). It makes a request only if MSAL has not made it.
func (w *Wire) Issuer(ctx context.Context, tenant string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, w.authority.discovery(tenant), nil)
	if err != nil {
		return "", err
	}
	resp, err := w.discover(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return "", &url.Error{Op: "Get", URL: req.URL.String(), Err: err}
	}
	var named struct {
		Issuer string `json:"issuer"`
	}
	_ = json.Unmarshal(body, &named) // no issuer is nobody's
	return named.Issuer, nil
}
