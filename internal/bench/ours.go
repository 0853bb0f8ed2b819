package main

import (
	"context"
	"net/http"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"
	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"
	"github.com/msalcae/msalcae"
	"github.com/msalcae/msalcae/tokensource"
)

// newConfidential is a confidential client of ours over s.
func newConfidential(s *sts) *tokensource.Confidential {
	secret, err := confidential.NewCredFromSecret("secret")
	must(err)
	c, err := tokensource.NewConfidential(tokensource.ConfidentialConfig{
		Authority: authority, ClientID: "bench", Credential: secret, HTTPClient: &http.Client{Transport: s},
	})
	must(err)
	return c
}

// newPublic is a public client of ours over s.
func newPublic(s *sts) *tokensource.Public {
	p, err := tokensource.NewPublic(tokensource.PublicConfig{
		Authority: authority, ClientID: "bench", Prompt: &passwords{}, HTTPClient: &http.Client{Transport: s},
	})
	must(err)
	return p
}

// passwords is a Prompt that needs no person.
type passwords struct{}

func (*passwords) SignIn(ctx context.Context, req tokensource.PromptRequest) (public.AuthResult, error) {
	name := req.LoginHint
	if name == "" {
		name = "ada@contoso.test"
	}
	//lint:ignore SA1019 it is the one flow that fills a public client's cache without a browser
	return req.Client.AcquireTokenByUsernamePassword(ctx, req.Scopes, name, "password", public.WithClaims(req.Claims))
}

// transport is ours, as a program uses it.
func transport(source *tokensource.Source, base http.RoundTripper) http.RoundTripper {
	source.ChallengesPerMinute = -1
	return &msalcae.Transport{Source: source, Base: base}
}

func oursApp(base http.RoundTripper, s *sts) caller {
	return over(transport(newConfidential(s).App(scope), base))
}

func oursOnBehalfOf(base http.RoundTripper, s *sts) caller {
	return over(transport(newConfidential(s).OnBehalfOf(idToken("ada@contoso.test"), scope), base))
}

func oursAccount(base http.RoundTripper, s *sts) caller {
	p := newPublic(s)
	account, err := p.SignIn(context.Background(), scope)
	must(err)
	return over(transport(p.Account(account, scope), base))
}
