// Command webapp is a web app whose people sign in with Entra, and which shows
// them what Microsoft Graph says of them. When a session is revoked, or a policy
// wants more of it, the next click leads through a sign-in and back.
//
//	MSALCAE_CLIENT_ID      the application's id
//	MSALCAE_CLIENT_SECRET  its secret
//	MSALCAE_TENANT         default: organizations, any work or school account
//	MSALCAE_AUTHORITY      default: https://login.microsoftonline.com
//	MSALCAE_GRAPH          default: https://graph.microsoft.com/v1.0
//	MSALCAE_URL            where browsers find the app; default: http://localhost:8080;
//	                       register it, followed by /signed-in, as a redirect URI
//	MSALCAE_LISTEN         default: localhost:8080
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
	site, err := newSite(tokensource.ConfidentialConfig{
		Authority:  cmp.Or(os.Getenv("MSALCAE_AUTHORITY"), "https://login.microsoftonline.com") + "/" + cmp.Or(os.Getenv("MSALCAE_TENANT"), "organizations"),
		ClientID:   os.Getenv("MSALCAE_CLIENT_ID"),
		Credential: secret,
	}, cmp.Or(os.Getenv("MSALCAE_URL"), "http://localhost:8080"), cmp.Or(os.Getenv("MSALCAE_GRAPH"), "https://graph.microsoft.com/v1.0"), "User.Read")
	if err != nil {
		return err
	}
	server := &http.Server{Addr: cmp.Or(os.Getenv("MSALCAE_LISTEN"), "localhost:8080"), Handler: site, ReadHeaderTimeout: 10 * time.Second}
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
