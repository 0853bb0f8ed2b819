package tokensource

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/msalcae/msalcae"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A worldwide Entra, at all of its hosts, knows where token requests go.
type worldwideEntra struct {
	mu    sync.Mutex
	hosts []string
}

func (w *worldwideEntra) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Method == http.MethodGet {
		return reply(req, 200, fmt.Sprintf(`{"issuer":"https://login.microsoftonline.com/t/v2.0",
			"authorization_endpoint":"https://%[1]s/t/oauth2/v2.0/authorize","token_endpoint":"https://%[1]s/t/oauth2/v2.0/token"}`, req.URL.Host)), nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.hosts = append(w.hosts, req.URL.Host)
	return reply(req, 200, userToken("ada", "at", "https://graph.microsoft.com/.default", "")), nil
}

// The token service of a region issues tokens for applications, and for nobody
// else: requests for people go to the one of the whole cloud, whether the region
// was configured or comes from the environment.
func TestRegion(t *testing.T) {
	for name, configured := range map[string]string{"configured": "westeurope", "forced": ""} {
		t.Run(name, func(t *testing.T) {
			if configured == "" {
				t.Setenv("MSAL_FORCE_REGION", "westeurope")
			}
			w := &worldwideEntra{}
			c := confidentialOver(t, w, func(cfg *ConfidentialConfig) {
				cfg.Authority, cfg.Region = "https://login.microsoftonline.com/t", configured
			})
			_, err := c.App("https://graph.microsoft.com/.default").Token(context.Background(), msalcae.TokenRequest{})
			require.NoError(t, err)
			require.Len(t, w.hosts, 1)
			assert.Contains(t, w.hosts[0], "westeurope.")
			_, err = c.OnBehalfOf(assertionOf("ada", time.Now().Add(time.Hour)), "https://graph.microsoft.com/.default").Token(context.Background(), msalcae.TokenRequest{})
			require.NoError(t, err)
			require.Len(t, w.hosts, 2)
			assert.Equal(t, "login.microsoftonline.com", w.hosts[1])
		})
	}
}
