package wwwauth_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/msalcae/msalcae/wwwauth"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	tenantID     = "72f988bf-86f1-41af-91ab-2d7cd011db47"
	sharePointID = "00000003-0000-0ff1-ce00-000000000000"
)

func header(fields ...string) http.Header { return http.Header{"Www-Authenticate": fields} }

// The challenges of Microsoft's services to a request without a token.
func TestResourceOf(t *testing.T) {
	const worldwide = "https://login.microsoftonline.com/"
	for _, c := range []struct {
		name, field string
		want        wwwauth.Resource
	}{
		{"Graph", `Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", client_id="00000003-0000-0000-c000-000000000000"`,
			wwwauth.Resource{worldwide + "common", "common", "https://graph.microsoft.com", "https://graph.microsoft.com/.default"}},
		{"Graph in China", `Bearer authorization_uri="https://login.chinacloudapi.cn/common/oauth2/authorize", client_id="00000003-0000-0000-c000-000000000000"`,
			wwwauth.Resource{"https://login.chinacloudapi.cn/common", "common", "00000003-0000-0000-c000-000000000000", "00000003-0000-0000-c000-000000000000/.default"}},
		{"PoP before Bearer", graphResponse().Header.Get("WWW-Authenticate"),
			wwwauth.Resource{worldwide + "common", "common", "https://graph.microsoft.com", "https://graph.microsoft.com/.default"}},
		{"Key Vault", `Bearer authorization="https://login.microsoftonline.com/` + tenantID + `", resource="https://vault.azure.net"`,
			wwwauth.Resource{worldwide + tenantID, tenantID, "https://vault.azure.net", "https://vault.azure.net/.default"}},
		{"Key Vault with a scope", `Bearer authorization="https://login.windows.net/` + tenantID + `", scope="https://managedhsm.azure.net/.default"`,
			wwwauth.Resource{"https://login.windows.net/" + tenantID, tenantID, "https://managedhsm.azure.net", "https://managedhsm.azure.net/.default"}},
		{"Storage", `Bearer authorization_uri=https://login.microsoftonline.com/` + tenantID + `/oauth2/authorize resource_id=https://storage.azure.com`,
			wwwauth.Resource{worldwide + tenantID, tenantID, "https://storage.azure.com", "https://storage.azure.com/.default"}},
		{"Dataverse", `Bearer authorization_uri=https://login.microsoftonline.us/` + tenantID + `/oauth2/authorize, resource_id=https://contoso.crm.microsoftdynamics.us/`,
			wwwauth.Resource{"https://login.microsoftonline.us/" + tenantID, tenantID, "https://contoso.crm.microsoftdynamics.us", "https://contoso.crm.microsoftdynamics.us/.default"}},
		{"ARM", `Bearer authorization_uri="https://login.windows.net/` + tenantID + `", error="invalid_token", error_description="x"`,
			wwwauth.Resource{"https://login.windows.net/" + tenantID, tenantID, "", ""}},
		{"ARM without a tenant", `Bearer authorization_uri="https://login.windows.net/", error="invalid_token"`,
			wwwauth.Resource{"https://login.windows.net/common", "", "", ""}},
		{"SharePoint", `Bearer realm="` + tenantID + `",client_id="` + sharePointID + `",trusted_issuers="00000001-0000-0000-c000-000000000000@*",authorization_uri="https://login.windows.net/common/oauth2/authorize"`,
			wwwauth.Resource{"https://login.windows.net/" + tenantID, tenantID, sharePointID, sharePointID + "/.default"}},
		{"an API of one's own", `Bearer realm="x", authorization_uri="HTTPS://Login.MicrosoftOnline.com:443/contoso.onmicrosoft.com/oauth2/v2.0/authorize", resource_id="api://` + tenantID + `/orders"`,
			wwwauth.Resource{worldwide + "contoso.onmicrosoft.com", "contoso.onmicrosoft.com", "api://" + tenantID + "/orders", "api://" + tenantID + "/orders/.default"}},
		{"nonsense for a tenant", `Bearer authorization="https://login.microsoftonline.com/{tenant}", resource="https://vault.azure.net"`,
			wwwauth.Resource{worldwide + "common", "", "https://vault.azure.net", "https://vault.azure.net/.default"}},
		{"a path that leads elsewhere", `Bearer authorization_uri="https://login.microsoftonline.com/%2e%2e/x"`,
			wwwauth.Resource{worldwide + "common", "", "", ""}},
		{"nonsense for a resource", `Bearer authorization_uri="https://login.microsoftonline.com/common", resource="https://a b/"`,
			wwwauth.Resource{worldwide + "common", "common", "", ""}},
		{"a resource without end", `Bearer authorization_uri="https://login.microsoftonline.com/common", resource="https://` + strings.Repeat("a", 300) + `"`,
			wwwauth.Resource{worldwide + "common", "common", "", ""}},
		{"other scopes", `Bearer authorization_uri="https://login.microsoftonline.com/common", scope="User.Read Mail.Read", resource_id="https://a.example"`,
			wwwauth.Resource{worldwide + "common", "common", "https://a.example", "https://a.example/.default"}},
	} {
		got, err := wwwauth.ResourceOf(header(`Basic realm="x"`, c.field))
		assert.NoError(t, err, c.name)
		assert.Equal(t, c.want, got, c.name)
	}
}

func TestResourceOfUnknownAuthority(t *testing.T) {
	for _, uri := range []string{
		"http://login.microsoftonline.com/common", "https://evil.example/common", "https://login.microsoftonline.com.evil.example/common",
		"https://login.microsoftonline.com@evil.example/common", "https://user@login.microsoftonline.com/common", "https://login.microsoftonline.com:8443/common",
		"https://evil.example/https://login.microsoftonline.com/", "//login.microsoftonline.com/common", "login.microsoftonline.com", "https:login.microsoftonline.com",
		`https://login.microsoftonline.com\@evil.example/`, "https://", "https://[::1", "javascript:alert(1)", "https://login.microsoftonline.com%2eevil.example/", "https://127.0.0.1/t",
	} {
		c := wwwauth.Challenge{Scheme: "Bearer", Params: map[string]string{"authorization_uri": uri}}
		got, err := wwwauth.ResourceOf(header(c.String(), `Bearer authorization_uri="https://login.microsoftonline.com/common"`))
		assert.ErrorIs(t, err, wwwauth.ErrUnknownAuthority, uri)
		assert.Zero(t, got, uri)
	}
	got, err := wwwauth.ResourceOf(header(`Bearer authorization_uri="https://localhost:8443/t/oauth2/authorize", resource_id="https://api.example"`), "other.example", "LocalHost:8443")
	require.NoError(t, err)
	assert.Equal(t, "https://localhost:8443/t", got.Authority)
	_, err = wwwauth.ResourceOf(header(`Bearer authorization_uri="https://` + strings.Repeat("a", 500) + `.example"`))
	require.ErrorIs(t, err, wwwauth.ErrUnknownAuthority)
	assert.Less(t, len(err.Error()), 250, "a long host is cut")
}

func TestResourceOfNoAuthority(t *testing.T) {
	for _, fields := range [][]string{nil, {""}, {"Negotiate"}, {`Bearer realm="x"`}, {`PoP authorization_uri="https://login.microsoftonline.com/common"`}, {`Bearer authorization_uri=""`}} {
		_, err := wwwauth.ResourceOf(header(fields...))
		assert.ErrorIs(t, err, wwwauth.ErrNoAuthority, fields)
	}
}

// Whatever the header, what comes back is an authority of a known host.
func assertResource(t *testing.T, field string) {
	t.Helper()
	r, err := wwwauth.ResourceOf(header(field))
	if err != nil {
		assert.Zero(t, r)
		return
	}
	assert.Regexp(t, `^https://(login|sts)[a-z.-]*/[0-9A-Za-z][0-9A-Za-z.-]*$`, r.Authority)
	assert.Regexp(t, `^([0-9A-Za-z._~:/-]*/\.default)?$`, r.Scope)
}

func TestResourceOfVectors(t *testing.T) {
	n := 0
	for _, v := range vectors(t) {
		for _, f := range v.Headers {
			assertResource(t, string(f))
			if _, err := wwwauth.ResourceOf(header(string(f))); err == nil {
				n++
			}
		}
	}
	assert.Greater(t, n, 50)
}

func ExampleResourceOf() {
	// A request without a token to a vault was answered with this.
	resp := &http.Response{StatusCode: http.StatusUnauthorized, Header: http.Header{"Www-Authenticate": {
		`Bearer authorization="https://login.microsoftonline.com/72f988bf-86f1-41af-91ab-2d7cd011db47", resource="https://vault.azure.net"`,
	}}}
	r, err := wwwauth.ResourceOf(resp.Header)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(r.Authority)
	fmt.Println(r.Scope)
	// Output:
	// https://login.microsoftonline.com/72f988bf-86f1-41af-91ab-2d7cd011db47
	// https://vault.azure.net/.default
}
