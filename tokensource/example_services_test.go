package tokensource_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"
	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"
	"github.com/msalcae/msalcae"
	"github.com/msalcae/msalcae/entratest"
	"github.com/msalcae/msalcae/tokensource"
)

// A web app whose person has signed in, loses their session, and comes back by
// the sign-in that the error begins. A program keeps begun in the browser's
// session, and takes the answer from the request to RedirectURI.
func ExampleWebApp() {
	entra := entratest.NewServer()
	defer entra.Close()
	answers := make(chan url.Values, 1)
	app := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { answers <- r.URL.Query() }))
	defer app.Close()
	entra.AddRedirectURI(app.URL)
	people, err := exampleClient(entra).WebApp(tokensource.WebConfig{RedirectURI: app.URL, Scopes: []string{entra.Scope()}})
	if err != nil {
		log.Fatal(err)
	}
	ctx, browse := context.Background(), entra.SignIn // the scripted person

	begun, err := people.SignIn(ctx, public.Account{})
	if err != nil {
		log.Fatal(err)
	}
	if err := browse(begun.URL); err != nil {
		log.Fatal(err)
	}
	account, err := people.Redeem(ctx, begun, <-answers)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(account.PreferredUsername)

	client := (&msalcae.Transport{Source: people.User(account, entra.Scope()), Base: entra.Client().Transport}).Client()
	entra.Revoke(entra.Username())
	_, err = client.Get(entra.API() + "/me")
	var redirect *tokensource.RedirectError
	fmt.Println("must sign in again:", errors.As(err, &redirect))

	begun = redirect.SignIn()
	if err := browse(begun.URL); err != nil {
		log.Fatal(err)
	}
	if _, err = people.Redeem(ctx, begun, <-answers); err != nil {
		log.Fatal(err)
	}
	resp, err := client.Get(entra.API() + "/me")
	if err != nil {
		log.Fatal(err)
	}
	resp.Body.Close()
	fmt.Println(resp.Status)
	// Output:
	// ada@contoso.test
	// must sign in again: true
	// 200 OK
}

// An API that calls another one as its caller: the handler takes the source for
// each request, and a token that it has already serves the next.
func ExampleConfidential_OnBehalfOf() {
	entra := entratest.NewServer()
	defer entra.Close()
	client := exampleClient(entra)

	// Validation of the caller's token belongs before this handler.
	handler := func(w http.ResponseWriter, r *http.Request) {
		assertion, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		graph := (&msalcae.Transport{Source: client.OnBehalfOf(assertion, entra.Scope()), Base: entra.Client().Transport}).Client()
		resp, err := graph.Get(entra.API() + "/me")
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		resp.Body.Close()
		w.WriteHeader(resp.StatusCode)
	}

	caller := examplePerson(entra, "api://"+entra.ClientID()+"/access")
	before := entra.Stats()
	for range 3 {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("Authorization", "Bearer "+caller.Value)
		w := httptest.NewRecorder()
		handler(w, r)
		fmt.Println(w.Code, "after exchanges:", entra.Stats().Sub(before).TokenRequests)
	}
	// Output:
	// 200 after exchanges: 1
	// 200 after exchanges: 1
	// 200 after exchanges: 1
}

func exampleClient(entra *entratest.Server) *tokensource.Confidential {
	secret, err := confidential.NewCredFromSecret(entra.ClientSecret())
	if err != nil {
		log.Fatal(err)
	}
	client, err := tokensource.NewConfidential(tokensource.ConfidentialConfig{
		Authority: entra.Authority(), ClientID: entra.ClientID(), Credential: secret, HTTPClient: entra.Client(),
	})
	if err != nil {
		log.Fatal(err)
	}
	return client
}

// examplePerson is the token of somebody who signed in to call an API.
func examplePerson(entra *entratest.Server, scope string) *msalcae.Token {
	app := tokensource.WrapPublic(msalClient(entra), &tokensource.Browser{Open: entra.SignIn})
	tok, err := app.Account(public.Account{}, scope).Token(context.Background(), msalcae.TokenRequest{})
	if err != nil {
		log.Fatal(err)
	}
	return tok
}
