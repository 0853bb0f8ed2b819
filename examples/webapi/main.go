// Command webapi is an API that calls Microsoft Graph as the person who called
// it. GET /profile returns what Graph says of them. When Graph wants more than
// this API can obtain (the session was revoked, a stronger sign-in is wanted), it
// answers its own caller with the claims challenge that leads to it: a caller
// that uses msalcae answers that, and its call succeeds.
//
//	MSALCAE_CLIENT_ID      the application's id; its API has the scope "access"
//	MSALCAE_CLIENT_SECRET  its secret
//	MSALCAE_TENANT         the tenant's id
//	MSALCAE_AUTHORITY      default: https://login.microsoftonline.com
//	MSALCAE_GRAPH          default: https://graph.microsoft.com/v1.0
//	MSALCAE_LISTEN         default: localhost:8081; put a proxy with TLS before it
package main

import (
	"cmp"
	"context"
	"errors"
	"log"
	"net/http"
	"os"
	"os/signal"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"
	"github.com/msalcae/msalcae/tokensource"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) error {
	secret, err := confidential.NewCredFromSecret(os.Getenv("MSALCAE_CLIENT_SECRET"))
	if err != nil {
		return errors.New("MSALCAE_CLIENT_SECRET is not set")
	}
	if os.Getenv("MSALCAE_TENANT") == "" {
		return errors.New("MSALCAE_TENANT is not set")
	}
	api, err := newAPI(tokensource.ConfidentialConfig{
		Authority:  cmp.Or(os.Getenv("MSALCAE_AUTHORITY"), "https://login.microsoftonline.com") + "/" + os.Getenv("MSALCAE_TENANT"),
		ClientID:   os.Getenv("MSALCAE_CLIENT_ID"),
		Credential: secret,
	}, cmp.Or(os.Getenv("MSALCAE_GRAPH"), "https://graph.microsoft.com/v1.0"), "User.Read")
	if err != nil {
		return err
	}
	server := &http.Server{Addr: cmp.Or(os.Getenv("MSALCAE_LISTEN"), "localhost:8081"), Handler: api, ReadHeaderTimeout: 10 * time.Second}
	ended := make(chan error, 1)
	context.AfterFunc(ctx, func() { // who is being answered has a moment
		limit, stop := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer stop()
		ended <- server.Shutdown(limit)
	})
	log.Printf("listening on http://%s", server.Addr)
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return <-ended
}
