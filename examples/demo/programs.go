package main

import (
	"context"
	"io"
	"net/http"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"
	"github.com/msalcae/msalcae/tokensource"
)

// daemon is a program that calls the API as the application itself.
func (s *stage) daemon() (*http.Client, error) {
	secret, err := confidential.NewCredFromSecret(s.entra.ClientSecret())
	if err != nil {
		return nil, err
	}
	app, err := tokensource.NewConfidential(tokensource.ConfidentialConfig{
		Authority:  s.entra.Authority(),
		ClientID:   s.entra.ClientID(),
		Credential: secret,
		HTTPClient: s.entra.Client(),
	})
	if err != nil {
		return nil, err
	}
	return s.transport(app.App(s.entra.Scope())).Client(), nil
}

// desktop is a program that ada has signed in to, in a browser.
func (s *stage) desktop(ctx context.Context) (*http.Client, error) {
	app, err := s.app()
	if err != nil {
		return nil, err
	}
	ada, err := app.SignIn(ctx, s.entra.Scope())
	if err != nil {
		return nil, err
	}
	s.story.tell("ada", "signs in")
	return s.transport(app.Account(ada, s.entra.Scope())).Client(), nil
}

// app is a public client, which acts for people. Its browser is scripted; a
// real program leaves Open nil.
func (s *stage) app() (*tokensource.Public, error) {
	return tokensource.NewPublic(tokensource.PublicConfig{
		Authority:  s.entra.Authority(),
		ClientID:   s.entra.PublicClientID(),
		Prompt:     &tokensource.Browser{Open: s.entra.SignIn},
		HTTPClient: s.entra.Client(),
	})
}

// get makes a GET as any program would, and returns its status.
func get(ctx context.Context, client *http.Client, url string) (status int, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, err
	}
	return do(client, req)
}

// do sends req and returns the status of the response.
func do(client *http.Client, req *http.Request) (status int, err error) {
	resp, err := client.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode, err
}
