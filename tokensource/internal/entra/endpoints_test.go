package entra

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Where a token endpoint has no "token" in its address, MSAL asks it for device
// codes too: such requests cannot be told from others, which stay there.
func TestTokenEndpointOfAnotherName(t *testing.T) {
	document := `{"issuer":"https://login.contoso.test/x","authorization_endpoint":"` + testAuthority + `/authorize","token_endpoint":"` + testAuthority +
		`/oauth","device_authorization_endpoint":"` + testAuthority + `/device"}`
	var asked []string
	a, err := ParseAuthority("Config", testAuthority)
	require.NoError(t, err)
	w, err := NewWire("Config", &http.Client{Transport: rt(func(req *http.Request) (*http.Response, error) {
		asked = append(asked, req.URL.Path)
		return reply(req, 200, document), nil
	})}, a)
	require.NoError(t, err)
	do := func(method, at string, form url.Values) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), method, at, strings.NewReader(form.Encode()))
		require.NoError(t, err)
		resp, err := w.Do(req)
		require.NoError(t, err)
		_, _ = io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
	}
	do(http.MethodGet, testAuthority+"/v2.0"+wellKnown, nil)
	do(http.MethodPost, testAuthority+"/oauth", url.Values{"grant_type": {"authorization_code"}})
	assert.Equal(t, []string{"/tenant/v2.0" + wellKnown, "/tenant/oauth"}, asked)
}
