package tokensource

import (
	"context"
	"net/http"
	"testing"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"
	"github.com/msalcae/msalcae"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// An account is asked for at the tenant that it signed in to, as far as MSAL
// takes one there. Other MSALs know a personal account by its tenant's id.
func TestTenantOfAnAccount(t *testing.T) {
	const home, personal = "11111111-2222-3333-4444-555555555555", "9188040d-6c67-4c5b-b112-36a304b66dad"
	for authority, want := range map[string]map[string]string{
		"organizations":    {"": "", "organizations": "", "common": "", home: home, "..": ""},
		home:               {"": "", home: "", personal: personal, "organizations": ""},
		"consumers":        {"": "", "consumers": "", personal: "", home: ""},
		"contoso.onms.com": {"Contoso.onms.com": "", home: home},
	} {
		p, err := NewPublic(PublicConfig{Authority: "https://login.contoso.test/" + authority, ClientID: "id",
			HTTPClient: &http.Client{Transport: &scriptedEntra{}}})
		require.NoError(t, err)
		for realm, tenant := range want {
			who := public.Account{HomeAccountID: "ada.home", Realm: realm}
			assert.Equal(t, tenant, p.tenantOf(who), "%q at %s", realm, authority)
			_, err := p.Account(who, "read").Token(context.Background(), msalcae.TokenRequest{})
			assert.ErrorIs(t, err, msalcae.ErrInteractionRequired, "%q at %s", realm, authority)
		}
	}
}
