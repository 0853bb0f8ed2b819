package msalcae_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/msalcae/msalcae"
)

// sourceFunc is a token source in a function. A program takes one from package
// tokensource instead.
type sourceFunc func(context.Context, msalcae.TokenRequest) (*msalcae.Token, error)

func (f sourceFunc) Token(ctx context.Context, req msalcae.TokenRequest) (*msalcae.Token, error) {
	return f(ctx, req)
}

// exampleAPI is an API that has revoked the token "old".
func exampleAPI() *httptest.Server {
	return httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") == "Bearer old" {
			w.Header().Set("WWW-Authenticate", challengeFor(`{"access_token":{"nbf":{"essential":true,"value":"1767225600"}}}`))
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		io.WriteString(w, "hello, "+r.Header.Get("Authorization"))
	}))
}

// The API revokes a token, and the call succeeds with the next one.
func ExampleTransport() {
	api := exampleAPI()
	defer api.Close()
	source := sourceFunc(func(_ context.Context, req msalcae.TokenRequest) (*msalcae.Token, error) {
		if req.Claims == "" {
			return &msalcae.Token{Value: "old"}, nil
		}
		fmt.Println("a new token is wanted, with", req.Claims)
		return &msalcae.Token{Value: "new"}, nil
	})

	client := (&msalcae.Transport{
		Source: source,
		Base:   api.Client().Transport,
		Hosts:  []string{strings.TrimPrefix(api.URL, "https://")},
	}).Client()
	resp, err := client.Get(api.URL)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	fmt.Println(resp.Status, string(body))
	// Output:
	// a new token is wanted, with {"access_token":{"nbf":{"essential":true,"value":"1767225600"}}}
	// 200 OK hello, Bearer new
}

// A daemon cannot ask a person. What the challenge wants goes to whoever can.
func ExampleChallengeError() {
	api := exampleAPI()
	defer api.Close()
	daemon := sourceFunc(func(_ context.Context, req msalcae.TokenRequest) (*msalcae.Token, error) {
		if req.Claims == "" {
			return &msalcae.Token{Value: "old"}, nil
		}
		return nil, msalcae.ErrInteractionRequired
	})

	client := (&msalcae.Transport{
		Source: daemon,
		Base:   api.Client().Transport,
		Hosts:  []string{strings.TrimPrefix(api.URL, "https://")},
	}).Client()
	_, err := client.Get(api.URL)
	var challenge *msalcae.ChallengeError
	if errors.As(err, &challenge) {
		fmt.Println("the API answered", challenge.Response.StatusCode)
		if errors.Is(err, msalcae.ErrInteractionRequired) {
			fmt.Println("sign in with the claims", challenge.Claims)
		}
	}
	// Output:
	// the API answered 401
	// sign in with the claims {"access_token":{"nbf":{"essential":true,"value":"1767225600"}}}
}

// What a Transport does can be logged without a token ever being seen.
func ExampleTrace() {
	api := exampleAPI()
	defer api.Close()
	source := sourceFunc(func(_ context.Context, req msalcae.TokenRequest) (*msalcae.Token, error) {
		if req.Claims == "" {
			return &msalcae.Token{Value: "old"}, nil
		}
		return &msalcae.Token{Value: "new"}, nil
	})
	client := (&msalcae.Transport{
		Source: source,
		Base:   api.Client().Transport,
		Hosts:  []string{strings.TrimPrefix(api.URL, "https://")},
		Trace: &msalcae.Trace{
			Challenged: func(_ context.Context, c msalcae.ChallengedInfo) {
				fmt.Println("challenged, because", c.Reason)
			},
			Replayed: func(_ context.Context, r msalcae.ReplayedInfo) {
				fmt.Println("replayed", r.Method, "with status", r.Status)
			},
		},
	}).Client()
	resp, err := client.Get(api.URL)
	if err == nil {
		resp.Body.Close()
	}
	// Output:
	// challenged, because the session was revoked or the password changed
	// replayed GET with status 200
}
