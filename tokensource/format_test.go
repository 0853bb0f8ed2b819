package tokensource_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"
	"github.com/msalcae/msalcae"
	"github.com/msalcae/msalcae/tokensource"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Whatever a program prints of ours, no secret and no token is in it.
func TestFormatsHoldNoSecret(t *testing.T) {
	e := newEntra(t)
	cred, err := confidential.NewCredFromSecret(e.ClientSecret())
	require.NoError(t, err)
	cfg := tokensource.ConfidentialConfig{Authority: e.Authority(), ClientID: e.ClientID(), Credential: cred, HTTPClient: e.Client()}
	app, err := tokensource.NewConfidential(cfg)
	require.NoError(t, err)
	source := app.App(e.Scope())
	transport := &msalcae.Transport{Source: source, Base: e.Client().Transport}
	require.Equal(t, 200, e.get(transport.Client(), "/users"))
	tok, err := source.Token(t.Context(), msalcae.TokenRequest{})
	require.NoError(t, err)

	var out strings.Builder
	for _, v := range []any{cfg, &cfg, app, source, transport, transport.Client(), tok, *tok, struct{ V any }{transport}, []any{app, cfg, tok},
		msalcae.TokenRequest{Rejected: tok.Value}, e.public(nil)} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			fmt.Fprintf(&out, verb+"\n", v)
		}
		slog.New(slog.NewTextHandler(&out, nil)).Info("text", "v", v)
		slog.New(slog.NewJSONHandler(&out, nil)).Info("json", "v", v)
		b, _ := json.Marshal(v)
		out.Write(b)
	}
	for _, secret := range []string{e.ClientSecret(), tok.Value, fmt.Sprintf("%x", e.ClientSecret()), fmt.Sprintf("%x", tok.Value)} {
		assert.NotContains(t, out.String(), secret)
	}
}
