package main

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/cache"
	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"
	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"
	"github.com/msalcae/msalcae/wwwauth"
	"golang.org/x/sync/singleflight"
)

// send is the least that a RoundTripper may do which keeps the rules: a copy of
// the request and of its header map, and Authorization.
func send(base http.RoundTripper, req *http.Request, authorization []string) (*http.Response, error) {
	out := *req
	out.Header = maps.Clone(req.Header)
	out.Header["Authorization"] = authorization
	return base.RoundTrip(&out)
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// floor always sends the same token.
func floor(base http.RoundTripper, s *sts) caller {
	value, err := s.next()
	must(err)
	authorization := []string{"Bearer " + value}
	return over(roundTripper(func(req *http.Request) (*http.Response, error) { return send(base, req, authorization) }))
}

// A heldToken is one in use, with the header made of it.
type heldToken struct {
	value         string
	authorization []string
	expires       time.Time
}

// hold makes a heldToken of what MSAL returned.
func hold(res confidential.AuthResult, err error) (*heldToken, error) {
	if err != nil {
		return nil, err
	}
	return &heldToken{res.AccessToken, []string{"Bearer " + res.AccessToken}, res.ExpiresOn}, nil
}

// checkedFloor is the floor with a token that can be replaced and expires.
func checkedFloor(base http.RoundTripper, s *sts) caller {
	var current atomic.Pointer[heldToken]
	value, err := s.next()
	must(err)
	current.Store(&heldToken{value, []string{"Bearer " + value}, time.Now().Add(time.Hour)})
	return over(roundTripper(func(req *http.Request) (*http.Response, error) {
		tok := current.Load()
		if !time.Now().Before(tok.expires) {
			return nil, errors.New("expired")
		}
		return send(base, req, tok.authorization)
	}))
}

func msalConfidential(s *sts) confidential.Client {
	secret, err := confidential.NewCredFromSecret("secret")
	must(err)
	client, err := confidential.New(authority, "bench", secret, confidential.WithHTTPClient(&http.Client{Transport: s}),
		confidential.WithInstanceDiscovery(false), confidential.WithClientCapabilities([]string{"cp1"}))
	must(err)
	return client
}

// byHand is what programs write: MSAL on every request, and on a challenge MSAL
// once more with its claims.
func byHand(base http.RoundTripper, s *sts) caller {
	client := msalConfidential(s)
	return over(roundTripper(func(req *http.Request) (*http.Response, error) {
		tok, err := hold(client.AcquireTokenByCredential(req.Context(), []string{scope}))
		if err != nil {
			return nil, err
		}
		resp, err := send(base, req, tok.authorization)
		if err != nil {
			return nil, err
		}
		claims, err := wwwauth.Claims(resp)
		if claims == "" || err != nil {
			return resp, err
		}
		if tok, err = hold(client.AcquireTokenByCredential(req.Context(), []string{scope}, confidential.WithClaims(claims))); err != nil {
			return nil, err
		}
		return send(base, req, tok.authorization)
	}))
}

// ideal is the best that can be written over MSAL for this one case, with no
// regard for others: one token request for all who were refused the same token,
// while each of them leaves at a deadline of their own.
func ideal(base http.RoundTripper, s *sts) caller {
	client := msalConfidential(s)
	var current atomic.Pointer[heldToken]
	var flights singleflight.Group
	renew := func(ctx context.Context, rejected *heldToken, claims string) (*heldToken, error) {
		if tok := current.Load(); tok != rejected {
			return tok, nil
		}
		flight := flights.DoChan("", func() (any, error) {
			if tok := current.Load(); tok != rejected {
				return tok, nil
			}
			tok, err := hold(client.AcquireTokenByCredential(context.Background(), []string{scope}, confidential.WithClaims(claims)))
			if err == nil {
				current.Store(tok)
			}
			return tok, err
		})
		select {
		case r := <-flight:
			tok, _ := r.Val.(*heldToken)
			return tok, r.Err
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return over(roundTripper(func(req *http.Request) (*http.Response, error) {
		tok := current.Load()
		if tok == nil || !time.Now().Before(tok.expires) {
			var err error
			if tok, err = renew(req.Context(), tok, ""); err != nil {
				return nil, err
			}
		}
		resp, err := send(base, req, tok.authorization)
		if err != nil || resp.StatusCode != http.StatusUnauthorized {
			return resp, err
		}
		claims, err := wwwauth.Claims(resp)
		if err != nil {
			return nil, err
		}
		if tok, err = renew(req.Context(), tok, claims); err != nil {
			return nil, err
		}
		return send(base, req, tok.authorization)
	}))
}

// byHandPublic asks a public client on every request, with or without a file
// for its cache.
func byHandPublic(folder string) func(http.RoundTripper, *sts) caller {
	return func(base http.RoundTripper, s *sts) caller {
		opts := []public.Option{public.WithAuthority(authority), public.WithHTTPClient(&http.Client{Transport: s}), public.WithInstanceDiscovery(false)}
		if folder != "" {
			opts = append(opts, public.WithCache(cacheFile(filepath.Join(folder, "msal.json"))))
		}
		client, err := public.New("bench", opts...)
		must(err)
		//lint:ignore SA1019 it is the one flow that fills a public client's cache without a browser
		res, err := client.AcquireTokenByUsernamePassword(context.Background(), []string{scope}, "ada@contoso.test", "password")
		must(err)
		return over(roundTripper(func(req *http.Request) (*http.Response, error) {
			tok, err := hold(client.AcquireTokenSilent(req.Context(), []string{scope}, public.WithSilentAccount(res.Account)))
			if err != nil {
				return nil, err
			}
			return send(base, req, tok.authorization)
		}))
	}
}

// A cacheFile keeps MSAL's cache, as MSAL's own samples do.
type cacheFile string

func (f cacheFile) Replace(_ context.Context, c cache.Unmarshaler, _ cache.ReplaceHints) error {
	b, err := os.ReadFile(string(f))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return c.Unmarshal(b)
}

func (f cacheFile) Export(_ context.Context, c cache.Marshaler, _ cache.ExportHints) error {
	b, err := c.Marshal()
	if err != nil {
		return err
	}
	return os.WriteFile(string(f), b, 0o600)
}
