package entratest_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/msalcae/msalcae/entratest"
	"github.com/msalcae/msalcae/wwwauth"
)

// An API that speaks as Azure Resource Manager does.
func ExampleServer_ProtectResource() {
	srv := entratest.NewServer()
	defer srv.Close()

	manager := httptest.NewServer(srv.ProtectResource(http.NotFoundHandler(), entratest.Resource{
		Audiences: []string{"https://management.azure.com"},
		Form:      entratest.ARMForm,
	}))
	defer manager.Close()

	form := daemonForm(srv, `{"access_token":{"xms_cc":{"values":["cp1"]}}}`)
	form.Set("scope", "https://management.azure.com/.default")
	token := requestToken(srv, form).AccessToken
	srv.RequireAuthContext("p1") // as Azure asks for a second factor
	claims, _ := wwwauth.Claims(callAPI(http.DefaultClient, manager.URL, token))
	fmt.Println(claims)
	// Output: {"access_token":{"acrs":{"essential":true,"values":["p1"]}}}
}

// An API of one's own, under the name that it has in production.
func ExampleServer_ServeHost() {
	srv := entratest.NewServer()
	defer srv.Close()

	secrets := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "a secret") })
	vault := srv.ServeHost("contoso.vault.azure.net", srv.ProtectResource(secrets, entratest.Resource{
		Audiences: []string{"https://vault.azure.net"},
		Form:      entratest.KeyVaultForm,
	}))
	form := daemonForm(srv, "")
	form.Set("scope", "https://vault.azure.net/.default")
	token := requestToken(srv, form).AccessToken
	fmt.Println(vault, callAPI(srv.Client(), vault+"/secrets/one", token).Status)
	// Output: https://contoso.vault.azure.net 200 OK
}

// The API speaks as other services do, and as none should.
func ExampleServer_SetChallengeForm() {
	srv := entratest.NewServer()
	defer srv.Close()
	token := requestToken(srv, daemonForm(srv, `{"access_token":{"xms_cc":{"values":["cp1"]}}}`)).AccessToken
	srv.RequireAuthContext("c1")

	for _, form := range []entratest.ChallengeForm{entratest.PoPBearerForm, entratest.TwiceEncodedForm} {
		srv.SetChallengeForm(form)
		claims, err := wwwauth.Claims(callAPI(srv.Client(), srv.API()+"/users", token))
		fmt.Printf("%s: %q, unusable: %t\n", form, claims, err != nil)
	}
	// Output:
	// pop-bearer: "{\"access_token\":{\"acrs\":{\"essential\":true,\"value\":\"c1\"}}}", unusable: false
	// malformed-twice-encoded: "", unusable: true
}

// Entra throttles the refreshing of tokens, and a part of the API is down.
func ExampleServer_Fail() {
	srv := entratest.NewServer()
	defer srv.Close()
	srv.FailToken(2, entratest.Fault{Grant: "refresh_token", Status: 429, Header: http.Header{"Retry-After": {"5"}}})
	srv.Fail(entratest.APIEndpoint, -1, entratest.Fault{Path: "/me/messages", Status: 503})

	token := requestToken(srv, daemonForm(srv, "")).AccessToken
	fmt.Println(callAPI(srv.Client(), srv.API()+"/me", token).Status)
	fmt.Println(callAPI(srv.Client(), srv.API()+"/me/messages", token).Status)
	// Output:
	// 200 OK
	// 503 Service Unavailable
}

// A test of a program, in a function such as TestRevocation(t *testing.T).
func ExampleServer_Watch() {
	var t exampleT // yours is a *testing.T
	srv := entratest.NewServer()
	defer srv.Close()
	token := requestToken(srv, daemonForm(srv, `{"access_token":{"xms_cc":{"values":["cp1"]}}}`)).AccessToken

	seen := srv.Watch(t)
	srv.Revoke(srv.ClientID())
	claims, _ := wwwauth.Claims(callAPI(srv.Client(), srv.API()+"/users", token))
	callAPI(srv.Client(), srv.API()+"/users", requestToken(srv, daemonForm(srv, claims)).AccessToken)

	seen.Challenges(1)
	seen.TokenRequests(1)
	seen.AskedFor("nbf")
	seen.NoRefusedTokenSentAgain()
	seen.Prompts(1) // fails, and shows the whole conversation
	// Output: entratest: 0 prompts, want 1; this was seen: ...
}

type exampleT struct{}

func (exampleT) Helper() {}

func (exampleT) Errorf(format string, args ...any) {
	line, _, _ := strings.Cut(fmt.Sprintf(format, args...), "\n")
	fmt.Println(line, "...")
}
