package entra

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// MSAL makes the device authorization endpoint up from the token endpoint, word
// by word, host included. The one in the discovery document is used.
func TestDeviceEndpointOfTheDocument(t *testing.T) {
	const base = "https://tokens.contoso.test/token-service"
	for name, doc := range map[string]string{
		"named":   `,"device_authorization_endpoint":"` + base + `/device"`,
		"unnamed": ``,
		"foreign": `,"device_authorization_endpoint":"https://evil.test/device"`,
	} {
		t.Run(name, func(t *testing.T) {
			var posts []string
			a, err := ParseAuthority("Config", "https://tokens.contoso.test/tenant")
			require.NoError(t, err)
			w, err := NewWire("Config", &http.Client{Transport: rt(func(req *http.Request) (*http.Response, error) {
				if req.Method == http.MethodGet {
					return reply(req, 200, `{"issuer":"https://tokens.contoso.test/x","authorization_endpoint":"`+base+`/authorize","token_endpoint":"`+base+`/token"`+doc+`}`), nil
				}
				posts = append(posts, req.URL.String())
				assert.Equal(t, req.URL.Host, req.Host)
				return reply(req, 200, `{"device_code":"d","user_code":"u","verification_uri":"https://x.test","expires_in":900}`), nil
			})}, a)
			require.NoError(t, err)
			c, err := public.New("id", public.WithAuthority(a.URL), public.WithInstanceDiscovery(false), public.WithHTTPClient(w))
			require.NoError(t, err)
			code, err := c.AcquireTokenByDeviceCode(t.Context(), []string{"read"})
			if name != "named" {
				require.ErrorContains(t, err, "nothing was sent there")
				assert.Empty(t, posts)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, "u", code.Result.UserCode)
			assert.Equal(t, []string{base + "/device"}, posts)
		})
	}
}

// A turn that never comes ends with the context, and costs no turn.
func TestPaceEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewPace(time.Minute)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.ErrorIs(t, p.turn(ctx), context.DeadlineExceeded)
		start := time.Now()
		require.NoError(t, p.turn(t.Context()))
		assert.Equal(t, 59*time.Second, time.Since(start))
		p.Slower(0)
		require.NoError(t, p.turn(t.Context()))
		p.Slower(10 * time.Minute)
		require.NoError(t, p.turn(t.Context()))
		assert.Equal(t, 59*time.Second+65*time.Second+10*time.Minute, time.Since(start))
	})
}
