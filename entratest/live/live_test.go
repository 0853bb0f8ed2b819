package live_test

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/msalcae/msalcae/entratest"
	"github.com/msalcae/msalcae/entratest/admin"
	"github.com/msalcae/msalcae/entratest/live"
)

func get(t *testing.T, path string) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	live.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	return w
}

// The page is all there, and may load nothing that is not its own.
func TestPageIsServed(t *testing.T) {
	page := get(t, "/")
	require.Equal(t, 200, page.Code)
	assert.Contains(t, page.Header().Get("Content-Type"), "text/html")
	policy := page.Header().Get("Content-Security-Policy")
	assert.True(t, strings.HasPrefix(policy, "default-src 'none'; script-src 'self'"), policy)
	assert.NotContains(t, policy, "unsafe")
	named := regexp.MustCompile(`(?:src|href)="([^"]+)"`).FindAllStringSubmatch(page.Body.String(), -1)
	require.NotEmpty(t, named)
	for _, file := range named {
		if !strings.HasPrefix(file[1], "data:") && file[1] != "/admin" { // the endpoints beside it
			assert.Equal(t, 200, get(t, "/"+file[1]).Code, file[1])
		}
	}
	assert.NotContains(t, page.Body.String(), "<script>", "a script in the page would not run")
	assert.Equal(t, 404, get(t, "/nothing").Code)
	assert.NotContains(t, get(t, "/app.js").Body.String(), "config", "GET /admin/config has passwords and secrets")
}

// Whatever the page sends is understood, and every button sends something.
func TestButtonsAreSwitches(t *testing.T) {
	script := get(t, "/app.js").Body.String()
	s := entratest.NewMemoryServer()
	defer s.Close()
	r := httptest.NewRequest(http.MethodGet, "http://127.0.0.1/admin", nil)
	r.RemoteAddr = "127.0.0.1:1"
	listed := httptest.NewRecorder()
	(&admin.Handler{Server: s}).ServeHTTP(listed, r)
	require.Equal(t, 200, listed.Code, "%s", listed.Body)

	sent := regexp.MustCompile(`\["([a-z-]+)", (?:who|\{)`).FindAllStringSubmatch(script, -1)
	require.GreaterOrEqual(t, len(sent), 6)
	for _, name := range sent {
		assert.True(t, strings.Contains(listed.Body.String(), `"POST /admin/`+name[1]+`"`), "there is no switch %s", name[1])
	}
	buttons := regexp.MustCompile(`data-switch="([a-z-]+)"`).FindAllStringSubmatch(get(t, "/").Body.String(), -1)
	require.NotEmpty(t, buttons)
	for _, b := range buttons {
		assert.True(t, regexp.MustCompile(`(?m)^  "?`+b[1]+`"?: \(`).MatchString(script), "nothing is sent for %s", b[1])
	}
}
