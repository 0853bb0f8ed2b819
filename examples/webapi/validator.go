package main

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/msalcae/msalcae/tokensource"
)

// A caller is what this API wants to know of a token.
type caller struct {
	jwt.RegisteredClaims
	Scopes       string   `json:"scp"`
	Capabilities []string `json:"xms_cc"`
}

// answersChallenges reports whether the caller has capability cp1.
func (c caller) answersChallenges() bool {
	return slices.ContainsFunc(c.Capabilities, func(s string) bool { return strings.EqualFold(s, "cp1") })
}

// A validator checks access tokens for this API
// (https://learn.microsoft.com/entra/identity-platform/access-tokens#validate-tokens).
type validator struct {
	clientID string
	keys     *keys
}

func newValidator(cfg tokensource.ConfidentialConfig) *validator {
	client := &http.Client{Timeout: 10 * time.Second}
	if cfg.HTTPClient != nil {
		client.Transport = cfg.HTTPClient.Transport
	}
	return &validator{clientID: cfg.ClientID, keys: &keys{authority: cfg.Authority, client: client}}
}

// check returns the caller whose token it is.
func (v *validator) check(ctx context.Context, token string) (caller, error) {
	var c caller
	var issuer string
	_, err := jwt.ParseWithClaims(token, &c, func(t *jwt.Token) (any, error) {
		kid, _ := t.Header["kid"].(string)
		key, iss, err := v.keys.named(ctx, kid)
		issuer = iss
		return key, err
	}, jwt.WithValidMethods([]string{"RS256"}), jwt.WithExpirationRequired(), jwt.WithLeeway(time.Minute))
	switch {
	case err != nil:
		return caller{}, err
	case c.Issuer != issuer:
		return caller{}, errors.New("the token is of another issuer")
	case !slices.Contains(c.Audience, v.clientID) && !slices.Contains(c.Audience, "api://"+v.clientID):
		return caller{}, errors.New("the token is for another API")
	case !slices.Contains(strings.Fields(c.Scopes), "access"):
		return caller{}, errors.New("the token has not the scope access")
	}
	return c, nil
}
