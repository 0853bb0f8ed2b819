package entratest_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/msalcae/msalcae/entratest"
	"github.com/stretchr/testify/assert"
)

// An API of one's own has the name that it has in production, in memory too.
func TestServeHost(t *testing.T) {
	everywhere(t, func(t *testing.T, s *entratest.Server, c *http.Client) {
		vault := s.ProtectResource(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "a secret") }),
			entratest.Resource{Audiences: []string{"https://vault.azure.net"}, Form: entratest.KeyVaultForm})
		at := s.ServeHost("Contoso.vault.azure.net", vault)
		assert.Equal(t, "https://contoso.vault.azure.net", at)
		form := daemon(s, cp1)
		form.Set("scope", "https://vault.azure.net/.default")
		token := post(t, s, form).token()
		a := send(t, c, bearer(t, "GET", at+"/secrets/x", token, nil))
		assert.Equal(t, 200, a.status)
		assert.Equal(t, "a secret", string(a.body))
		s.Revoke(s.ClientID())
		assert.Contains(t, read(t, send(t, c, bearer(t, "GET", at+"/secrets/x", token, nil))), "xms_caeerror")

		s.ServeHost("contoso.vault.azure.net", http.NotFoundHandler())
		assert.Equal(t, 404, send(t, c, bearer(t, "GET", at, token, nil)).status)
		for _, bad := range []string{"", "a:1", "https://a", "graph.microsoft.com", "login.microsoftonline.com"} {
			assert.Panics(t, func() { s.ServeHost(bad, vault) }, bad)
		}
	})
}

// What leads to the server already is not given away.
func TestServersOwnHostsAreNotGivenAway(t *testing.T) {
	memory := entratest.NewMemoryServer()
	defer memory.Close()
	for s, names := range map[*entratest.Server][]string{
		newServer(t): {"contoso-my.sharepoint.com", "169.254.169.254", "127.0.0.1", "localhost"},
		memory:       {"login.entra.test", "graph.entra.test", "files.entra.test", "Metadata.entra.test"},
	} {
		for _, own := range names {
			assert.Panics(t, func() { s.ServeHost(own, http.NotFoundHandler()) }, own)
		}
	}
}
