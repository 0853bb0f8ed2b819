package entratest_test

import (
	"net/http"
	"testing"

	"github.com/msalcae/msalcae/entratest"
	"github.com/msalcae/msalcae/internal/clouds"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Every host of Microsoft's clouds leads to the server, which answers as that
// host: what it names is of the same cloud.
func TestEveryCloudIsRerouted(t *testing.T) {
	inBubble(t, func(t *testing.T, s *entratest.Server) {
		for _, cloud := range clouds.All {
			for _, host := range cloud.Login {
				a := get(t, s, "https://"+host+"/"+s.Tenant()+"/v2.0/.well-known/openid-configuration")
				assert.Equal(t, 200, a.status, host)
				assert.Equal(t, "https://"+host+"/"+s.Tenant()+"/v2.0", a.text("issuer"))
				assert.Equal(t, "https://"+host+"/"+s.Tenant()+"/oauth2/v2.0/token", a.text("token_endpoint"))
			}
			for _, host := range cloud.Graph {
				a := get(t, s, "https://"+host+"/v1.0/me")
				assert.Equal(t, 401, a.status, host)
				assert.Contains(t, a.header.Get("WWW-Authenticate"), `authorization_uri="https://`+cloud.Login[0]+`/common/oauth2/authorize"`, host)
			}
		}
	})
}

// A test never asks the real ones, however it spells them.
func TestMicrosoftsHostsAreNeverDialled(t *testing.T) {
	everywhere(t, func(t *testing.T, _ *entratest.Server, c *http.Client) {
		for url, want := range map[string]int{
			"https://GRAPH.microsoft.com/v1.0/me":                                     401,
			"https://graph.microsoft.com./v1.0/me":                                    401,
			"http://graph.microsoft.com/v1.0/me":                                      400,
			"http://login.microsoftonline.com:8080/common":                            400,
			"https://login.windows.net./common/v2.0/.well-known/openid-configuration": 200,
		} {
			resp, err := c.Get(url)
			require.NoError(t, err, url)
			resp.Body.Close()
			assert.Equal(t, want, resp.StatusCode, url)
		}
	})
}
