package tokensource

import (
	"testing"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"
	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestEqualArgumentsGiveOneSource(t *testing.T) {
	cred, err := confidential.NewCredFromSecret("x")
	require.NoError(t, err)
	c, err := NewConfidential(ConfidentialConfig{Authority: "https://login.microsoftonline.com/Contoso.test", ClientID: "id", Credential: cred})
	require.NoError(t, err)
	s := c.App("b", "a")
	assert.Same(t, s, c.App("A", "B", "a"))
	assert.Same(t, s, c.App("a b"))
	assert.Same(t, s, c.Tenant("").App("a", "b"))
	assert.Same(t, s, c.Tenant("contoso.TEST").App("a", "b"), "the authority's own tenant")
	other := c.Tenant("fabrikam.test").App("a", "b")
	assert.NotSame(t, s, other)
	assert.Same(t, other, c.Tenant("Fabrikam.test").App("b", "a"))
	assert.Same(t, other, c.Tenant("x.test").Tenant("fabrikam.test").App("b", "a"))
	assert.NotSame(t, s, c.App("a"))

	p, err := NewPublic(PublicConfig{Authority: "https://login.microsoftonline.com/common", ClientID: "id"})
	require.NoError(t, err)
	zero := p.Account(public.Account{}, "a")
	assert.Same(t, zero, p.Account(public.Account{}, "A"))
	ada := public.Account{HomeAccountID: "uid.utid", Realm: "common"}
	mine := p.Account(ada, "a")
	assert.NotSame(t, zero, mine)
	ada.HomeAccountID, ada.PreferredUsername = "UID.utid", "ada"
	assert.Same(t, mine, p.Account(ada, "a"))
	ada.Realm = "fabrikam.test"
	assert.NotSame(t, mine, p.Account(ada, "a"), "a guest's tokens are of another tenant")
}
