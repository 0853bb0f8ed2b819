package entratest_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"time"

	"github.com/msalcae/msalcae/entratest"
	"github.com/msalcae/msalcae/wwwauth"
)

// What the examples need of a client. Yours would be the program under test.

type tokenAnswer struct {
	AccessToken  string `json:"access_token"`
	RefreshToken string `json:"refresh_token"`
	Error        string
	Suberror     string
	Codes        []int `json:"error_codes"`
}

func requestToken(srv *entratest.Server, form url.Values) (a tokenAnswer) {
	postForm(srv, "/oauth2/v2.0/token", form, &a)
	return a
}

// postForm posts to an endpoint of the authority and decodes its answer.
func postForm(srv *entratest.Server, path string, form url.Values, into any) {
	resp, err := srv.Client().PostForm(srv.Authority()+path, form)
	if err != nil {
		log.Fatal(err)
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(into); err != nil {
		log.Fatal(err)
	}
}

func daemonForm(srv *entratest.Server, claims string) url.Values {
	return url.Values{"grant_type": {"client_credentials"}, "client_id": {srv.ClientID()},
		"client_secret": {srv.ClientSecret()}, "scope": {srv.Scope()}, "claims": {claims}}
}

func callAPI(client *http.Client, url, token string) *http.Response {
	req, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		log.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := client.Do(req)
	if err != nil {
		log.Fatal(err)
	}
	resp.Body.Close()
	return resp
}

// A daemon's token is revoked; it asks for another with the challenge's claims.
func Example() {
	srv := entratest.NewServer()
	defer srv.Close()

	capable := `{"access_token":{"xms_cc":{"values":["cp1"]}}}`
	token := requestToken(srv, daemonForm(srv, capable)).AccessToken
	fmt.Println(callAPI(srv.Client(), srv.API()+"/users", token).Status)

	srv.Revoke(srv.ClientID())
	resp := callAPI(srv.Client(), srv.API()+"/users", token)
	claims, _ := wwwauth.Claims(resp)
	fmt.Println(resp.Status, regexp.MustCompile(`\d{10}`).ReplaceAllString(claims, "<now>"))

	token = requestToken(srv, daemonForm(srv, claims)).AccessToken
	fmt.Println(callAPI(srv.Client(), srv.API()+"/users", token).Status)

	stats := srv.Stats()
	fmt.Println(stats.Challenges, "challenge,", stats.TokenRequests, "token requests")
	// Output:
	// 200 OK
	// 401 Unauthorized {"access_token":{"nbf":{"essential":true, "value":"<now>"}}}
	// 200 OK
	// 1 challenge, 2 token requests
}

// The scripted browser signs a user in at a client's redirect URI.
func ExampleServer_SignIn() {
	srv := entratest.NewServer()
	defer srv.Close()

	codes := make(chan string, 1)
	client := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		codes <- r.FormValue("code")
	}))
	defer client.Close()

	err := srv.SignIn(srv.Authority() + "/oauth2/v2.0/authorize?" + url.Values{
		"client_id":     {srv.PublicClientID()},
		"redirect_uri":  {client.URL},
		"response_type": {"code"},
		"response_mode": {"form_post"},
		"scope":         {srv.Scope() + " offline_access"},
	}.Encode())
	if err != nil {
		log.Fatal(err)
	}
	answer := requestToken(srv, url.Values{
		"grant_type":   {"authorization_code"},
		"client_id":    {srv.PublicClientID()},
		"redirect_uri": {client.URL},
		"code":         {<-codes},
	})
	fmt.Println(callAPI(srv.Client(), srv.API()+"/me", answer.AccessToken).Status)

	srv.Revoke(srv.Username())
	answer = requestToken(srv, url.Values{
		"grant_type":    {"refresh_token"},
		"client_id":     {srv.PublicClientID()},
		"refresh_token": {answer.RefreshToken},
	})
	fmt.Println(answer.Error, answer.Suberror, answer.Codes)
	// Output:
	// 200 OK
	// invalid_grant bad_token [50173]
}

// An API of one's own, on a server of one's own.
func ExampleServer_Protect() {
	srv := entratest.NewServer()
	defer srv.Close()

	orders := httptest.NewServer(srv.Protect(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "42 orders")
	}), "api://orders"))
	defer orders.Close()

	form := daemonForm(srv, "")
	form.Set("scope", "api://orders/.default")
	token := requestToken(srv, form).AccessToken
	fmt.Println(callAPI(http.DefaultClient, orders.URL, token).Status)
	fmt.Println(callAPI(http.DefaultClient, orders.URL, "something else").Status)
	// Output:
	// 200 OK
	// 401 Unauthorized
}

// Two token requests are throttled; the third succeeds.
func ExampleServer_FailToken() {
	srv := entratest.NewServer()
	defer srv.Close()

	srv.FailToken(2, entratest.Fault{
		AADSTS: 90055,
		Status: http.StatusTooManyRequests,
		Header: http.Header{"Retry-After": {"1"}},
	})
	for range 3 {
		answer := requestToken(srv, daemonForm(srv, ""))
		fmt.Println(answer.Error, answer.Codes, answer.AccessToken != "")
	}
	// Output:
	// temporarily_unavailable [90055] false
	// temporarily_unavailable [90055] false
	//  [] true
}

// An API that confuses its clients.
func ExampleServer_FailAPI() {
	srv := entratest.NewServer()
	defer srv.Close()

	srv.FailAPI(-1, entratest.Fault{Challenge: `{"access_token":null}`})
	resp := callAPI(srv.Client(), srv.API()+"/me", "any token")
	challenge := wwwauth.Parse(resp.Header)[0]
	claims, _ := base64.StdEncoding.DecodeString(challenge.Params["claims"])
	fmt.Println(resp.Status, challenge.Params["error"], string(claims))

	srv.ClearFaults()
	srv.FailAPI(1, entratest.Fault{Status: 503, Header: http.Header{"Retry-After": {"30"}}, Delay: time.Millisecond})
	fmt.Println(callAPI(srv.Client(), srv.API()+"/me", "any token").Status)
	// Output:
	// 401 Unauthorized insufficient_claims {"access_token":null}
	// 503 Service Unavailable
}

// A program with production URLs in it.
func ExampleServer_Client() {
	srv := entratest.NewServer()
	defer srv.Close()

	form := daemonForm(srv, "")
	form.Set("scope", "https://graph.microsoft.com/.default")
	resp, err := srv.Client().PostForm("https://login.microsoftonline.com/"+srv.Tenant()+"/oauth2/v2.0/token", form)
	if err != nil {
		log.Fatal(err)
	}
	defer resp.Body.Close()
	var answer tokenAnswer
	json.NewDecoder(resp.Body).Decode(&answer)
	fmt.Println(callAPI(srv.Client(), "https://graph.microsoft.com/v1.0/users", answer.AccessToken).Status)
	// Output: 200 OK
}
