package entratest_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/stretchr/testify/require"
)

func hashed(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// proof is how an application shows who it is with an assertion.
func proof(clientID, assertion string) url.Values {
	return url.Values{"client_id": {clientID}, "client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
		"client_assertion": {assertion}}
}

// assert has the application ask for a token with an assertion.
func (c *conversation) assert(assertion string) answer {
	c.t.Helper()
	c.name("assertion", assertion)
	c.id = proof(c.s.ClientID(), assertion)
	return c.token("the daemon asks for a token", url.Values{"grant_type": {"client_credentials"}, "scope": {c.s.Scope()}})
}

// password asks for a person's token at the authority of a tenant.
func (c *conversation) password(tenant string) answer {
	c.t.Helper()
	c.tenant = tenant
	return c.token("a client without a browser sends the user's password", url.Values{"grant_type": {"password"},
		"username": {c.s.Username()}, "password": {c.s.Password()}, "scope": {c.s.Scope()}, "claims": {cp1}})
}

// identity asks the platform for a token of a managed identity.
func (c *conversation) identity(parameters ...string) answer {
	c.t.Helper()
	q := with(url.Values{"api-version": {"2018-02-01"}, "resource": {strings.TrimSuffix(c.s.Scope(), "/.default")}}, parameters...)
	c.write("\n-- a program on one of Azure's machines asks for a token\n")
	req, err := http.NewRequest(http.MethodGet, c.s.IMDS()+"/metadata/identity/oauth2/token?"+q.Encode(), nil)
	require.NoError(c.t, err)
	req.Header.Set("Metadata", "true")
	return c.send(req)
}

// What proves an application to be itself, and whom there is.
var identityScenes = []scene{
	{"add-redirect-uri", "A web application has no redirect URI at first.", func(c *conversation) {
		c.app = newNativeApp(c.t, c.s)
		c.mask(c.app.redirect, "http://localhost:<port>")
		c.id = url.Values{"client_id": {c.s.ClientID()}, "client_secret": {c.s.ClientSecret()}}
		c.signIn(cp1)
		c.throw("add-redirect-uri", fmt.Sprintf(`{"uris":["%s"]}`, c.app.redirect))
		require.NotNil(c.t, c.signIn(cp1))
	}},
	{"add-certificate", "An application proves itself with a certificate, once it is registered.", func(c *conversation) {
		own := certificate(c.t, strangerKey(), nil, nil)
		signed := own.sign(c.t, map[string]any{"alg": "PS256", "x5t#S256": own.x5tS256()}, goodClaims(c.s, c.s.ClientID(), nil))
		c.assert(signed)
		text := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: own.cert.Raw}))
		quoted, err := json.Marshal(text)
		require.NoError(c.t, err)
		c.mask(strings.Trim(string(quoted), `"`), "<certificate>")
		c.throw("add-certificate", fmt.Sprintf(`{"client":"%s","pem":%s}`, c.s.ClientID(), quoted))
		c.assert(signed)
	}},
	{"strict-assertions", "A client assertion is good for one request.", func(c *conversation) {
		pair := c.throw("client-certificate", "{}")
		require.Contains(c.t, pair["private_key"], "PRIVATE KEY")
		signer := clientSigner(c.s)
		signed := signer.sign(c.t, map[string]any{"alg": "PS256", "x5t#S256": signer.x5tS256()}, goodClaims(c.s, c.s.ClientID(), nil))
		c.assert(signed)
		c.assert(signed)
		c.throw("strict-assertions", `{"on":true}`)
		c.assert(signed)
		c.assert(signed)
	}},
	{"add-federated-credential", "A token of a Kubernetes cluster stands for an application.", func(c *conversation) {
		issued := c.throw("issue-assertion", `{"issuer":"cluster","subject":"system:serviceaccount:orders:api"}`)
		assertion := issued["token"].(string)
		c.assert(assertion)
		c.throw("add-federated-credential", fmt.Sprintf(`{"client":"%s","issuer":"%s","subject":"system:serviceaccount:orders:api"}`,
			c.s.ClientID(), issued["issuer"]))
		c.assert(assertion)
	}},
	{"add-tenant", "There is another tenant, where the user is nobody until invited; guests are not challenged.", func(c *conversation) {
		const fabrikam = "22222222-3333-4444-5555-666666666666"
		c.throw("add-tenant", `{"id":"`+fabrikam+`","domain":"fabrikam.test"}`)
		c.password("fabrikam.test")
		c.throw("add-guest", `{"user":"ada@contoso.test","tenant":"fabrikam.test"}`)
		guest := c.password("fabrikam.test")
		require.Equal(c.t, fabrikam, payload(c.t, guest.token())["tid"])
		c.throw("revoke", ada)
		c.call(guest.token())
	}},
	{"sign-in", "A test in another language has the user sign in, and decline.", func(c *conversation) {
		c.app = newNativeApp(c.t, c.s)
		c.mask(c.app.redirect, "http://localhost:<port>")
		c.visit(`{"url":"%s"}`)
		c.visit(`{"url":"%s","user":"grace@contoso.test","decline":true}`)
	}},
}

// visit throws the switch sign-in with the client's authorize request.
func (c *conversation) visit(body string) {
	c.t.Helper()
	url := c.app.authorizeURL("claims", cp1)
	_, query, _ := strings.Cut(url, "?")
	c.mask(query, "...")
	c.throw("sign-in", fmt.Sprintf(body, url))
	back := <-c.app.answers
	if code := back.Get("code"); code != "" {
		c.name("code", code)
	}
	c.write("   the client receives %s\n", c.masked(describe(back)))
}

func describe(back url.Values) string {
	var told []string
	for _, name := range []string{"code", "error", "error_subcode", "state"} {
		if v := back.Get(name); v != "" {
			told = append(told, name+"="+v)
		}
	}
	return strings.Join(told, "&")
}

// identityScenesOnAClock need time to pass, or to stand still.
var identityScenesOnAClock = []scene{
	{"add-managed-identity", "A machine has an identity of its own, and another is assigned to it.", func(c *conversation) {
		c.identity("client_id", "99999999-0000-4000-8000-000000000011")
		c.throw("add-managed-identity", `{"client_id":"99999999-0000-4000-8000-000000000011","resource_id":"/subscriptions/1/orders"}`)
		c.identity("client_id", "99999999-0000-4000-8000-000000000011")
		c.identity()
	}},
	{"managed-identities", "A managed identity's token is revoked, and the platform repeats it until it is told of the rejection.", func(c *conversation) {
		c.throw("managed-identities", `{"cae":true}`)
		first := c.identity()
		c.throw("revoke", `{"client":"99999999-0000-4000-8000-000000000010"}`)
		c.call(first.token(), "/users")
		c.identity()
		c.throw("managed-identities", `{"cae":true,"revocation":true}`)
		c.mask(hashed(first.token()), "<SHA-256 of access token 1>")
		second := c.identity("xms_cc", "cp1", "token_sha256_to_refresh", hashed(first.token()))
		c.call(second.token(), "/users")
		c.throw("managed-identities", `{"no_cache":true}`)
		c.identity()
	}},
	{"device-codes", "A device is told to poll every 10 seconds, and polls sooner; its code ends after a minute.", func(c *conversation) {
		c.throw("device-codes", `{"interval":"10s","lifetime":"1m","slow_down":true}`)
		codes := c.deviceCode()
		c.poll(codes)
		c.poll(codes)
		c.pass(10 * time.Second)
		c.throw("enter-code", fmt.Sprintf(`{"url":"%s","code":"%s"}`, codes.text("verification_uri"), codes.text("user_code")))
		c.poll(codes)
		codes = c.deviceCode()
		c.pass(time.Minute)
		c.poll(codes)
	}},
	{"token-lifetime", "Access tokens live for ten minutes.", func(c *conversation) {
		c.throw("token-lifetime", `{"lifetime":"10m"}`)
		token := c.daemon(cp1).token()
		c.pass(10 * time.Minute)
		c.call(token, "/users")
	}},
}

func (c *conversation) deviceCode() answer {
	c.t.Helper()
	c.write("\n-- the device asks for codes\n")
	form := url.Values{"client_id": {c.s.PublicClientID()}, "scope": {c.s.Scope() + " offline_access"}, "claims": {cp1}}
	req, err := http.NewRequest(http.MethodPost, c.s.Authority()+"/oauth2/v2.0/devicecode", strings.NewReader(form.Encode()))
	require.NoError(c.t, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return c.send(req)
}

func (c *conversation) poll(codes answer) answer {
	c.t.Helper()
	return c.token("the device polls", url.Values{"grant_type": {"device_code"}, "device_code": {codes.text("device_code")}})
}
