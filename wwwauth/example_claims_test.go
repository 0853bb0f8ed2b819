package wwwauth_test

import (
	"context"
	"fmt"
	"log"
	"net/http"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"
	"github.com/msalcae/msalcae/entratest"
	"github.com/msalcae/msalcae/wwwauth"
)

// How a program that holds an MSAL public client answers a claims challenge by
// hand. Package msalcae does this inside an http.RoundTripper, and more: one
// token request however many calls were challenged, a refused token never sent
// again, the right account or none.
func ExampleClaims() {
	ctx := context.Background()
	entra := entratest.NewServer() // in the place of Entra and of Graph
	defer entra.Close()
	scopes := []string{entra.Scope()}
	browser := public.WithOpenURL(entra.SignIn) // leave it out: the system's browser

	client, err := public.New(entra.PublicClientID(),
		public.WithAuthority(entra.Authority()),
		public.WithClientCapabilities([]string{"cp1"}), // "I can answer claims challenges"
		public.WithHTTPClient(entra.Client()),
		public.WithInstanceDiscovery(false), // both are for the local Entra
	)
	if err != nil {
		log.Fatal(err)
	}
	token, err := client.AcquireTokenInteractive(ctx, scopes, browser)
	if err != nil {
		log.Fatal(err)
	}

	get := func(token public.AuthResult) *http.Response {
		req, _ := http.NewRequestWithContext(ctx, http.MethodGet, entra.API()+"/me", nil)
		req.Header.Set("Authorization", "Bearer "+token.AccessToken)
		resp, err := entra.Client().Do(req)
		if err != nil {
			log.Fatal(err)
		}
		resp.Body.Close()
		return resp
	}
	entra.Revoke(entra.Username()) // an administrator ends the session
	resp := get(token)
	fmt.Println(resp.Status)

	claims, err := wwwauth.Claims(resp)
	if err != nil {
		log.Fatal(err) // a challenge that nobody can answer
	}
	if claims != "" {
		fmt.Println("because", wwwauth.Why(resp))
		account := token.Account
		token, err = client.AcquireTokenSilent(ctx, scopes, public.WithClaims(claims), public.WithSilentAccount(account))
		if err != nil { // Entra wants to see the person again
			token, err = client.AcquireTokenInteractive(ctx, scopes, public.WithClaims(claims),
				public.WithLoginHint(account.PreferredUsername), browser)
		}
		if err != nil {
			log.Fatal(err)
		}
		resp = get(token)
	}
	fmt.Println(resp.Status)
	// Output:
	// 401 Unauthorized
	// because the session was revoked or the password changed
	// 200 OK
}
