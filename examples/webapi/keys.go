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
	"sync"
	"time"
)

// errNoKeys says that Entra's keys could not be had: nothing is known of the
// token.
var errNoKeys = errors.New("the keys of Entra could not be fetched")

const (
	// keyRest is how long keys are not fetched again, whatever is presented.
	keyRest = 5 * time.Minute
	// keyPause is the same after they could not be.
	keyPause = 10 * time.Second
)

// keys are those that Entra signs with. Anybody may present a token with the
// name of another one: they are fetched once for all who ask, and not all the
// time.
type keys struct {
	authority string
	client    *http.Client // has a Timeout

	mu      sync.Mutex
	issuer  string // that signs with them
	known   map[string]*rsa.PublicKey
	rest    time.Time     // they are not fetched before that
	failure error         // of the latest fetch
	coming  chan struct{} // closed when they have been fetched; nil: nobody does
}

// named returns the key of that name, and its issuer.
func (k *keys) named(ctx context.Context, name string) (*rsa.PublicKey, string, error) {
	for {
		k.mu.Lock()
		key, issuer, failure, coming := k.known[name], k.issuer, k.failure, k.coming
		resting := coming == nil && time.Now().Before(k.rest)
		if key == nil && !resting && coming == nil {
			coming = make(chan struct{})
			k.coming = coming
			go k.renew()
		}
		k.mu.Unlock()
		switch {
		case key != nil:
			return key, issuer, nil
		case resting && failure != nil:
			return nil, "", fmt.Errorf("%w: %w", errNoKeys, failure)
		case resting:
			return nil, "", errors.New("the token's key is not known")
		}
		select {
		case <-coming:
		case <-ctx.Done():
			return nil, "", fmt.Errorf("%w: %w", errNoKeys, ctx.Err())
		}
	}
}

// renew fetches the keys, and keeps those that there are if that fails.
func (k *keys) renew() {
	issuer, known, err := k.fetch(context.Background()) // nobody's who may leave
	k.mu.Lock()
	defer k.mu.Unlock()
	close(k.coming)
	k.coming, k.failure, k.rest = nil, err, time.Now().Add(keyPause)
	if err == nil {
		k.issuer, k.known, k.rest = issuer, known, time.Now().Add(keyRest)
	}
}

func (k *keys) fetch(ctx context.Context) (issuer string, known map[string]*rsa.PublicKey, err error) {
	var document struct {
		Issuer string `json:"issuer"`
		Keys   string `json:"jwks_uri"`
	}
	if err := k.get(ctx, k.authority+"/v2.0/.well-known/openid-configuration", &document); err != nil {
		return "", nil, err
	}
	var set struct {
		Keys []struct {
			Type    string `json:"kty"`
			ID      string `json:"kid"`
			Modulus string `json:"n"`
		} `json:"keys"`
	}
	if err := k.get(ctx, document.Keys, &set); err != nil {
		return "", nil, err
	}
	known = map[string]*rsa.PublicKey{}
	for _, key := range set.Keys {
		n, err := base64.RawURLEncoding.DecodeString(key.Modulus)
		if err == nil && key.Type == "RSA" && len(n) >= 256 {
			known[key.ID] = &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: 65537} // as all of Entra's
		}
	}
	return document.Issuer, known, nil
}

func (k *keys) get(ctx context.Context, url string, into any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := k.client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answered %s", req.URL.Host, resp.Status)
	}
	return json.NewDecoder(io.LimitReader(resp.Body, 1<<20)).Decode(into)
}
