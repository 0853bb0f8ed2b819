package tokensource

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"
	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"
	"github.com/msalcae/msalcae"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	homeTenant  = "11111111-2222-3333-4444-555555555555"
	otherTenant = "66666666-7777-8888-9999-aaaaaaaaaaaa"
)

// An ID token that came with a code is accepted if it is Entra's for this app,
// this tenant and now (OpenID Connect Core section 3.1.3.7), and nothing is kept
// of whom any other names. MSAL looks at none of it.
func TestIDTokenOfACode(t *testing.T) {
	ends := func(d time.Duration) string { return fmt.Sprint(time.Now().Add(d).Unix()) }
	template := "https://login.contoso.test/{tenantid}/v2.0"
	concrete := "https://login.contoso.test/" + homeTenant + "/v2.0"
	for name, c := range map[string]struct {
		tenant, issuer string // of the authority, and its discovery document
		change         map[string]string
		says           string // "": accepted
	}{
		"good":                             {homeTenant, concrete, nil, ""},
		"of a tenant by its domain":        {"contoso.test", concrete, nil, ""},
		"of any tenant":                    {"common", template, nil, ""},
		"of an authority of its own":       {"realm", "https://login.contoso.test/realm", map[string]string{"iss": `"https://login.contoso.test/realm"`, "tid": `null`}, ""},
		"an hour old, by a slow clock":     {homeTenant, concrete, map[string]string{"exp": ends(-4 * time.Minute)}, ""},
		"new, by a fast clock":             {homeTenant, concrete, map[string]string{"nbf": ends(4 * time.Minute)}, ""},
		"another's issuer":                 {homeTenant, concrete, map[string]string{"iss": `"https://login.evil.test/` + homeTenant + `/v2.0"`}, "another issuer"},
		"a longer issuer":                  {homeTenant, concrete, map[string]string{"iss": `"` + concrete + `/"`}, "another issuer"},
		"no issuer":                        {homeTenant, concrete, map[string]string{"iss": `null`}, "another issuer"},
		"the template itself":              {"common", template, map[string]string{"iss": `"` + template + `"`, "tid": `"{tenantid}"`}, "no tenant"},
		"a tenant that is none":            {"common", template, map[string]string{"iss": `"https://login.contoso.test/x/v2.0"`, "tid": `"x"`}, "no tenant"},
		"no tenant":                        {"common", template, map[string]string{"tid": `null`}, "no tenant"},
		"a tenant that is not the issuer":  {"common", template, map[string]string{"tid": `"` + otherTenant + `"`}, "another issuer"},
		"another tenant":                   {homeTenant, concrete, map[string]string{"tid": `"` + otherTenant + `"`}, "another tenant"},
		"another tenant, named by issuer":  {"contoso.test", concrete, map[string]string{"tid": `"` + otherTenant + `"`}, "another tenant"},
		"a personal account":               {"common", template, map[string]string{"tid": `"` + consumers + `"`, "iss": `"https://login.contoso.test/` + consumers + `/v2.0"`}, ""},
		"a personal account, at work only": {"organizations", template, map[string]string{"tid": `"` + consumers + `"`, "iss": `"https://login.contoso.test/` + consumers + `/v2.0"`}, "another tenant"},
		"for another app":                  {homeTenant, concrete, map[string]string{"aud": `"another"`}, "another application"},
		"for nobody":                       {homeTenant, concrete, map[string]string{"aud": `null`}, "another application"},
		"expired":                          {homeTenant, concrete, map[string]string{"exp": ends(-6 * time.Minute)}, "expired"},
		"for ever":                         {homeTenant, concrete, map[string]string{"exp": `null`}, "expired"},
		"of tomorrow":                      {homeTenant, concrete, map[string]string{"nbf": ends(6 * time.Minute)}, "not valid yet"},
	} {
		t.Run(name, func(t *testing.T) {
			app, nonce, discoveries := webAppAt(t, c.tenant, c.issuer, c.change)
			begun, err := app.SignIn(t.Context(), public.Account{})
			require.NoError(t, err)
			*nonce = begun.Nonce
			who, err := app.Redeem(t.Context(), begun, url.Values{"state": {begun.State}, "code": {"code"}})
			assert.Equal(t, 1, *discoveries, "the issuer is known from MSAL's own discovery")
			if c.says == "" {
				require.NoError(t, err)
				require.NoError(t, second(app.User(who, "read").Token(t.Context(), msalcae.TokenRequest{})))
				return
			}
			require.ErrorIs(t, err, ErrIDToken)
			assert.ErrorContains(t, err, c.says)
			assert.NotErrorIs(t, err, ErrSignInMismatch)
			assert.NotContains(t, err.Error(), "evil")
			assert.Zero(t, who)
			ada := public.Account{HomeAccountID: "ada.home"}
			require.ErrorIs(t, second(app.User(ada, "read").Token(t.Context(), msalcae.TokenRequest{})), msalcae.ErrInteractionRequired)
		})
	}
}

// MSAL takes an ID token of anybody's, for anybody and long over.
func TestMSALAcceptsAnyIDToken(t *testing.T) {
	stranger := `{"sub":"ada","preferred_username":"ada","aud":"another","iss":"https://login.evil.test/x","exp":1}`
	c, ada := rawWebApp(t, &scriptedEntra{answer: func(int, url.Values) (int, string) {
		return 200, strings.Replace(userToken("ada", "at", "read", ""), b64(idPayload("ada")), b64(stranger), 1)
	}})
	res, err := c.AcquireTokenSilent(t.Context(), []string{"read"}, confidential.WithSilentAccount(ada))
	require.NoError(t, err, "MSAL does not show the defect any more")
	assert.Equal(t, "https://login.evil.test/x", res.IDToken.Issuer)
}

func second(_ any, err error) error { return err }

// webAppAt returns a web app whose authority names issuer, and gives ID tokens
// with changed claims.
func webAppAt(t *testing.T, tenant, issuer string, change map[string]string) (app *WebApp, nonce *string, discoveries *int) {
	nonce, discoveries = new(string), new(int)
	authority := "https://login.contoso.test/" + tenant
	entra := &scriptedEntra{answer: func(_ int, form url.Values) (int, string) {
		claims := map[string]string{
			"iss": `"https://login.contoso.test/` + homeTenant + `/v2.0"`, "tid": `"` + homeTenant + `"`, "aud": `"ID"`, "sub": `"ada"`,
			"exp": fmt.Sprint(time.Now().Add(time.Hour).Unix()), "nonce": fmt.Sprintf("%q", *nonce),
		}
		for name, value := range change {
			claims[name] = value
		}
		var payload []string
		for name, value := range claims {
			payload = append(payload, fmt.Sprintf("%q:%s", name, value))
		}
		body := userToken("ada", "at", form.Get("scope"), "")
		return 200, strings.Replace(body, b64(idPayload("ada")), b64("{"+strings.Join(payload, ",")+"}"), 1)
	}}
	document := fmt.Sprintf(`{"issuer":%q,"authorization_endpoint":"%s/authorize","token_endpoint":"%s/token"}`, issuer, authority, authority)
	client := &http.Client{Transport: rt(func(req *http.Request) (*http.Response, error) {
		if req.Method != http.MethodGet {
			return entra.RoundTrip(req)
		}
		*discoveries++
		return reply(req, 200, document), nil
	})}
	cred, err := confidential.NewCredFromSecret("x")
	require.NoError(t, err)
	c, err := NewConfidential(ConfidentialConfig{Authority: authority, ClientID: "id", Credential: cred, HTTPClient: client})
	require.NoError(t, err)
	app, err = c.WebApp(WebConfig{RedirectURI: "https://app.test/", Scopes: []string{"read"}})
	require.NoError(t, err)
	return app, nonce, discoveries
}
