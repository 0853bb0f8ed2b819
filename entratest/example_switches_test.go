package entratest_test

import (
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/msalcae/msalcae/entratest"
	"github.com/msalcae/msalcae/wwwauth"
)

const capable = `{"access_token":{"xms_cc":{"values":["cp1"]}}}`

// signedIn is a user of the public client: by device code, which needs no
// redirect URI.
func signedIn(srv *entratest.Server, claims string) tokenAnswer {
	var code struct {
		Device string `json:"device_code"`
		User   string `json:"user_code"`
		URI    string `json:"verification_uri"`
	}
	postForm(srv, "/oauth2/v2.0/devicecode", url.Values{"client_id": {srv.PublicClientID()},
		"scope": {srv.Scope() + " offline_access"}, "claims": {claims}}, &code)
	if err := srv.EnterCode(code.URI, code.User); err != nil {
		fmt.Println(err)
	}
	return requestToken(srv, url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:device_code"},
		"client_id": {srv.PublicClientID()}, "device_code": {code.Device}})
}

func refresh(srv *entratest.Server, refreshToken string) tokenAnswer {
	return requestToken(srv, url.Values{"grant_type": {"refresh_token"}, "client_id": {srv.PublicClientID()},
		"refresh_token": {refreshToken}, "claims": {capable}})
}

// What happens to a user: here the account is disabled.
func ExampleServer_Disable() {
	srv := entratest.NewServer()
	defer srv.Close()

	user := signedIn(srv, capable)
	srv.Disable(srv.Username())
	fmt.Println(callAPI(srv.Client(), srv.API()+"/me", user.AccessToken).Status)
	answer := refresh(srv, user.RefreshToken)
	fmt.Println(answer.Error, answer.Codes)
	// Output:
	// 401 Unauthorized
	// invalid_grant [50057]
}

// What the API demands: an authentication context for a part of it, which a
// person satisfies with a second factor.
func ExampleServer_RequireAuthContextAt() {
	srv := entratest.NewServer()
	defer srv.Close()

	user := signedIn(srv, capable)
	srv.RequireAuthContextAt("/me/messages", "c1")
	fmt.Println(callAPI(srv.Client(), srv.API()+"/me", user.AccessToken).Status)
	resp := callAPI(srv.Client(), srv.API()+"/me/messages", user.AccessToken)
	claims, _ := wwwauth.Claims(resp)
	fmt.Println(resp.Status, claims)

	user = signedIn(srv, claims)
	fmt.Println(callAPI(srv.Client(), srv.API()+"/me/messages", user.AccessToken).Status)
	// Output:
	// 200 OK
	// 401 Unauthorized {"access_token":{"acrs":{"essential":true,"value":"c1"}}}
	// 200 OK
}

// What Conditional Access demands for a scope.
func ExampleServer_RequireMFA() {
	srv := entratest.NewServer()
	defer srv.Close()

	user := signedIn(srv, capable)
	srv.RequireMFA("Mail.Send")
	answer := refresh(srv, user.RefreshToken)
	fmt.Println(answer.Error, answer.Suberror, answer.Codes)
	// Output:
	// invalid_grant basic_action [50076]
}

// Where clients may be.
func ExampleServer_AllowIPs() {
	srv := entratest.NewServer()
	defer srv.Close()

	user := signedIn(srv, capable)
	srv.AllowIPs("127.0.0.0/8")
	srv.MoveIP(srv.Username(), "203.0.113.7")
	resp := callAPI(srv.Client(), srv.API()+"/me", user.AccessToken)
	claims, _ := wwwauth.Claims(resp)
	fmt.Println(resp.Status, strings.Contains(claims, `"xms_rp_ipaddr":{"value":"203.0.113.7"}`))
	answer := refresh(srv, user.RefreshToken)
	fmt.Println(answer.Error, answer.Suberror, answer.Codes)
	// Output:
	// 401 Unauthorized true
	// invalid_grant message_only [53003]
}

// What becomes of refresh tokens: a policy wants people to sign in daily.
func ExampleServer_ExpireRefreshTokens() {
	srv := entratest.NewServer()
	defer srv.Close()

	user := signedIn(srv, capable)
	srv.ExpireRefreshTokens(srv.Username(), entratest.ExpiredBySignInFrequency)
	answer := refresh(srv, user.RefreshToken)
	fmt.Println(answer.Error, answer.Suberror, answer.Codes)
	// Output:
	// invalid_grant token_expired [70043]
}

// Time: the API's clock is an hour ahead of Entra's, and tokens live for half of
// one.
func ExampleServer_SetClockSkew() {
	srv := entratest.NewServer()
	defer srv.Close()

	srv.SetTokenLifetime(30 * time.Minute)
	srv.SetClockSkew(0, time.Hour)
	token := requestToken(srv, daemonForm(srv, capable)).AccessToken
	fmt.Println(callAPI(srv.Client(), srv.API()+"/users", token).Status)
	// Output: 401 Unauthorized
}

// What an answer looks like: the scopes that the client asked for are spelled in
// another way.
func ExampleServer_SetScopeEcho() {
	srv := entratest.NewServer()
	defer srv.Close()

	user := signedIn(srv, capable)
	srv.SetScopeEcho(entratest.EchoQualified)
	var answer struct{ Scope string }
	postForm(srv, "/oauth2/v2.0/token", url.Values{"grant_type": {"refresh_token"}, "client_id": {srv.PublicClientID()},
		"refresh_token": {user.RefreshToken}, "scope": {"User.Read"}}, &answer)
	fmt.Println(strings.TrimPrefix(answer.Scope, strings.TrimSuffix(srv.Scope(), ".default")))
	// Output: User.Read
}
