package tokensource_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/url"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"
	"github.com/msalcae/msalcae"
	"github.com/msalcae/msalcae/entratest"
	"github.com/msalcae/msalcae/tokensource"
)

// From the URL of a secret in a Key Vault to the secret: the vault says where
// its tokens come from and for which scope. In production it needs no clients
// but nil and http.DefaultTransport, and no authority but Microsoft's.
func ExampleDiscover() {
	entra := entratest.NewServer()
	defer entra.Close()
	vault := entra.ServeHost("contoso.vault.azure.net", entra.ProtectResource(
		http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "correct horse") }),
		entratest.Resource{Audiences: []string{"https://vault.azure.net"}, Form: entratest.KeyVaultForm}))
	here, err := url.Parse(entra.Authority())
	if err != nil {
		log.Fatal(err)
	}

	secretURL := vault + "/secrets/db-password?api-version=7.4"
	resource, err := tokensource.Discover(context.Background(), entra.Client(), secretURL, here.Host)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(resource.Scope)

	credential, err := confidential.NewCredFromSecret(entra.ClientSecret())
	if err != nil {
		log.Fatal(err)
	}
	app, err := tokensource.NewConfidential(tokensource.ConfidentialConfig{
		Authority:  resource.Authority,
		ClientID:   entra.ClientID(),
		Credential: credential,
		HTTPClient: entra.Client(),
	})
	if err != nil {
		log.Fatal(err)
	}
	source := app.App(resource.Scope)
	fmt.Println(source.Hosts())
	client := (&msalcae.Transport{Source: source, Base: entra.Client().Transport}).Client()
	resp, err := client.Get(secretURL)
	if err != nil {
		log.Fatal(err)
	}
	defer resp.Body.Close()
	fmt.Println(resp.Status)
	// Output:
	// https://vault.azure.net/.default
	// [*.vault.azure.net]
	// 200 OK
}
