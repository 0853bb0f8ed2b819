package tokensource

import (
	"context"
	"encoding/json"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/cache"
)

// A refreshOnly is the cache accessor of an MSAL client that is to keep refresh
// tokens and accounts, and no access tokens: those are a Source's. It stores
// nothing. MSAL hands it the memory that it is about to look into; without
// access tokens there, MSAL redeems the refresh token, always, and a challenge's
// claims, which MSAL makes part of a token's key, do not pile up.
type refreshOnly struct{}

// Replace takes the access tokens out of MSAL's memory.
func (refreshOnly) Replace(_ context.Context, memory cache.Unmarshaler, _ cache.ReplaceHints) error {
	readable, ok := memory.(cache.Marshaler)
	if !ok {
		return nil
	}
	data, err := readable.Marshal()
	if err != nil {
		return err
	}
	var sections map[string]json.RawMessage
	if err := json.Unmarshal(data, &sections); err != nil {
		return err
	}
	if tokens := string(sections[accessTokens]); tokens == "" || tokens == "{}" || tokens == "null" {
		return nil
	}
	sections[accessTokens] = json.RawMessage("{}")
	if data, err = json.Marshal(sections); err != nil {
		return err
	}
	return memory.Unmarshal(data)
}

// accessTokens is their section in the schema that the MSALs share.
const accessTokens = "AccessToken"

// Export stores nothing.
func (refreshOnly) Export(context.Context, cache.Marshaler, cache.ExportHints) error { return nil }
