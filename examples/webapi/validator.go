package main

import (
	"context"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/msalcae/msalcae/tokensource"
)

// errNoKeys says that Entra's keys could not be had: nothing is known of the
// token.
var errNoKeys = errors.New("the keys of Entra could not be fetched")

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
	authority, clientID string
	client              *http.Client

	mu      sync.Mutex
	issuer  string
	keys    map[string]*rsa.PublicKey
	fetched time.Time
}

// keyRest is how long keys are not fetched again, whatever is presented.
const keyRest = 5 * time.Minute

func newValidator(cfg tokensource.ConfidentialConfig) *validator {
	v := &validator{authority: cfg.Authority, clientID: cfg.ClientID, client: &http.Client{Timeout: 10 * time.Second}}
	if cfg.HTTPClient != nil {
		v.client.Transport = cfg.HTTPClient.Transport
	}
	return v
}

// check returns the caller whose token it is.
func (v *validator) check(ctx context.Context, token string) (caller, error) {
	var c caller
	var issuer string
	_, err := jwt.ParseWithClaims(token, &c, func(t *jwt.Token) (any, error) {
		kid, _ := t.Header["kid"].(string)
		key, iss, err := v.key(ctx, kid)
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

// key returns one of Entra's, and the issuer that signs with it. Keys change:
// one that is not known has them fetched again, but not all the time.
func (v *validator) key(ctx context.Context, kid string) (*rsa.PublicKey, string, error) {
	v.mu.Lock()
	key, issuer, fresh := v.keys[kid], v.issuer, time.Since(v.fetched) < keyRest
	v.mu.Unlock()
	if key != nil {
		return key, issuer, nil
	}
	if fresh {
		return nil, "", errors.New("the token's key is not known")
	}
	issuer, keys, err := v.fetch(ctx)
	if err != nil {
		return nil, "", fmt.Errorf("%w: %w", errNoKeys, err)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.issuer, v.keys, v.fetched = issuer, keys, time.Now()
	if keys[kid] == nil {
		return nil, "", errors.New("the token's key is not known")
	}
	return keys[kid], issuer, nil
}

func (v *validator) fetch(ctx context.Context) (issuer string, keys map[string]*rsa.PublicKey, err error) {
	var document struct {
		Issuer string `json:"issuer"`
		Keys   string `json:"jwks_uri"`
	}
	if err := v.get(ctx, v.authority+"/v2.0/.well-known/openid-configuration", &document); err != nil {
		return "", nil, err
	}
	var set struct {
		Keys []struct {
			Type    string `json:"kty"`
			ID      string `json:"kid"`
			Modulus string `json:"n"`
		} `json:"keys"`
	}
	if err := v.get(ctx, document.Keys, &set); err != nil {
		return "", nil, err
	}
	keys = map[string]*rsa.PublicKey{}
	for _, k := range set.Keys {
		n, err := base64.RawURLEncoding.DecodeString(k.Modulus)
		if err == nil && k.Type == "RSA" && len(n) >= 256 {
			keys[k.ID] = &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: 65537} // as all of Entra's
		}
	}
	return document.Issuer, keys, nil
}

func (v *validator) get(ctx context.Context, url string, into any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := v.client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answered %s", req.URL.Host, resp.Status)
	}
	return json.NewDecoder(io.LimitReader(resp.Body, 1<<20)).Decode(into)
}
