package tokensource_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"
	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"
	"github.com/msalcae/msalcae"
	"github.com/msalcae/msalcae/entratest"
	"github.com/msalcae/msalcae/tokensource"
)

// A daemon whose tokens are revoked while it runs. In production the authority
// is https://login.microsoftonline.com/<tenant>, the scope
// https://graph.microsoft.com/.default, and HTTPClient and Base are left out.
func ExampleNewConfidential() {
	entra := entratest.NewServer()
	defer entra.Close()

	secret, err := confidential.NewCredFromSecret(entra.ClientSecret())
	if err != nil {
		log.Fatal(err)
	}
	app, err := tokensource.NewConfidential(tokensource.ConfidentialConfig{
		Authority:  entra.Authority(),
		ClientID:   entra.ClientID(),
		Credential: secret,
		HTTPClient: entra.Client(),
	})
	if err != nil {
		log.Fatal(err)
	}
	client := (&msalcae.Transport{
		Source: app.App(entra.Scope()),
		Base:   entra.Client().Transport,
	}).Client()

	for range 2 {
		resp, err := client.Get(entra.API() + "/users")
		if err != nil {
			log.Fatal(err)
		}
		resp.Body.Close()
		fmt.Println(resp.Status)
		entra.Revoke(entra.ClientID())
	}
	fmt.Println("challenges:", entra.Stats().Challenges)
	// Output:
	// 200 OK
	// 200 OK
	// challenges: 1
}

// A program that a person uses: it asks them to sign in when Entra says so,
// and otherwise leaves them alone. In production Prompt is &Browser{}.
func ExampleNewPublic() {
	entra := entratest.NewServer()
	defer entra.Close()

	app, err := tokensource.NewPublic(tokensource.PublicConfig{
		Authority:  entra.Authority(),
		ClientID:   entra.PublicClientID(),
		Prompt:     &tokensource.Browser{Open: entra.SignIn}, // a scripted person
		HTTPClient: entra.Client(),
	})
	if err != nil {
		log.Fatal(err)
	}
	client := (&msalcae.Transport{
		Source: app.Account(public.Account{}, entra.Scope()),
		Base:   entra.Client().Transport,
	}).Client()

	me := func() {
		resp, err := client.Get(entra.API() + "/me")
		if err != nil {
			log.Fatal(err)
		}
		resp.Body.Close()
		fmt.Println(resp.Status, "after sign-ins:", entra.Stats().SignIns)
	}
	me()
	entra.ChangePolicy(entra.Username()) // healed silently
	me()
	entra.Revoke(entra.Username()) // only a person can help
	me()
	// Output:
	// 200 OK after sign-ins: 1
	// 200 OK after sign-ins: 1
	// 200 OK after sign-ins: 2
}

// A program that must not open a browser by itself says what to do, and a
// later SignIn takes the claims along that the API asked for.
func ExamplePublic_SignIn() {
	entra := entratest.NewServer()
	defer entra.Close()
	ctx := context.Background()

	app, err := tokensource.NewPublic(tokensource.PublicConfig{
		Authority:  entra.Authority(),
		ClientID:   entra.PublicClientID(),
		Prompt:     &tokensource.Browser{Open: entra.SignIn},
		HTTPClient: entra.Client(),
	})
	if err != nil {
		log.Fatal(err)
	}
	account, err := app.SignIn(ctx, entra.Scope())
	if err != nil {
		log.Fatal(err)
	}
	source := app.Account(account, entra.Scope())
	quiet := http.Client{Transport: &msalcae.Transport{Source: noPrompt{source}, Hosts: source.Hosts(), Base: entra.Client().Transport}}

	entra.Revoke(entra.Username())
	_, err = quiet.Get(entra.API() + "/me")
	fmt.Println("a person must sign in:", errors.Is(err, msalcae.ErrInteractionRequired))

	if _, err = app.SignIn(ctx, entra.Scope()); err != nil {
		log.Fatal(err)
	}
	resp, err := quiet.Get(entra.API() + "/me")
	if err != nil {
		log.Fatal(err)
	}
	resp.Body.Close()
	fmt.Println(resp.Status)
	// Output:
	// a person must sign in: true
	// 200 OK
}

// noPrompt is a source that never asks a person.
type noPrompt struct{ *tokensource.Source }

func (s noPrompt) Token(ctx context.Context, req msalcae.TokenRequest) (*msalcae.Token, error) {
	req.NoPrompt = true
	return s.Source.Token(ctx, req)
}

// A Prompt of one's own may do anything that ends in a result of the client's;
// this one says why it asks before it opens a browser.
func ExamplePrompt() {
	entra := entratest.NewServer()
	defer entra.Close()

	app := tokensource.WrapPublic(msalClient(entra), telling{&tokensource.Browser{Open: entra.SignIn}})
	if _, err := app.SignIn(context.Background(), entra.Scope()); err != nil {
		log.Fatal(err)
	}
	source := app.Account(public.Account{}, entra.Scope())
	client := (&msalcae.Transport{Source: source, Base: entra.Client().Transport}).Client()
	entra.Revoke(entra.Username())
	resp, err := client.Get(entra.API() + "/me")
	if err != nil {
		log.Fatal(err)
	}
	resp.Body.Close()
	fmt.Println(resp.Status)
	// Output:
	// Please sign in.
	// Please sign in as ada@contoso.test: the session was revoked or the password changed.
	// 200 OK
}

type telling struct{ *tokensource.Browser }

func (t telling) SignIn(ctx context.Context, req tokensource.PromptRequest) (public.AuthResult, error) {
	if req.LoginHint == "" {
		fmt.Println("Please sign in.")
	} else {
		fmt.Printf("Please sign in as %s: %s.\n", req.LoginHint, req.Reason)
	}
	return t.Browser.SignIn(ctx, req)
}

func msalClient(entra *entratest.Server) public.Client {
	client, err := public.New(entra.PublicClientID(),
		public.WithAuthority(entra.Authority()), public.WithInstanceDiscovery(false),
		public.WithClientCapabilities([]string{"cp1"}), public.WithHTTPClient(entra.Client()))
	if err != nil {
		log.Fatal(err)
	}
	return client
}
