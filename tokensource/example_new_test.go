package tokensource_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/msalcae/msalcae"
	"github.com/msalcae/msalcae/entratest"
	"github.com/msalcae/msalcae/tokensource"
)

// Tokens may come from anywhere: here from a library of the program's own that
// knows neither MSAL nor claims challenges, but can be told to send claims. The
// Source keeps its tokens, shares them among callers, and answers challenges.
func ExampleNew() {
	entra := entratest.NewServer()
	defer entra.Close()
	library := &otherLibrary{
		client: entra.Client(), endpoint: entra.Authority() + "/oauth2/v2.0/token",
		id: entra.ClientID(), secret: entra.ClientSecret(), scope: entra.Scope(),
	}

	source := tokensource.New(func(ctx context.Context, req msalcae.TokenRequest) (*msalcae.Token, error) {
		// A library with a cache is to pass over it if req.Claims is not "",
		// and to drop req.Rejected from it.
		value, expires, err := library.token(ctx, withCP1(req.Claims))
		if err != nil {
			return nil, err
		}
		return &msalcae.Token{Value: value, ExpiresOn: expires}, nil
	})
	// New knows no scopes, so the hosts that tokens may go to are named.
	api, err := url.Parse(entra.API())
	if err != nil {
		log.Fatal(err)
	}
	client := (&msalcae.Transport{Source: source, Hosts: []string{api.Host}, Base: entra.Client().Transport}).Client()

	for range 2 {
		resp, err := client.Get(entra.API() + "/users")
		if err != nil {
			log.Fatal(err)
		}
		resp.Body.Close()
		fmt.Println(resp.Status, "after token requests:", entra.Stats().TokenRequests)
		entra.Revoke(entra.ClientID())
	}
	// Output:
	// 200 OK after token requests: 1
	// 200 OK after token requests: 2
}

// withCP1 adds capability cp1, without which Entra issues tokens that know no
// challenges, to the claims of one.
func withCP1(claims string) string {
	var all map[string]map[string]any
	if json.Unmarshal([]byte(claims), &all) != nil || all["access_token"] == nil {
		all = map[string]map[string]any{"access_token": {}}
	}
	all["access_token"]["xms_cc"] = map[string]any{"values": []string{"cp1"}}
	merged, err := json.Marshal(all)
	if err != nil {
		log.Fatal(err)
	}
	return string(merged)
}

// An otherLibrary does the client credentials grant and nothing else.
type otherLibrary struct {
	client                      *http.Client
	endpoint, id, secret, scope string
}

func (l *otherLibrary) token(ctx context.Context, claims string) (value string, expires time.Time, err error) {
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {l.id}, "client_secret": {l.secret}, "scope": {l.scope}, "claims": {claims}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, l.endpoint, strings.NewReader(form.Encode()))
	if err != nil {
		return "", time.Time{}, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := l.client.Do(req)
	if err != nil {
		return "", time.Time{}, err
	}
	defer resp.Body.Close()
	var answer struct {
		AccessToken string `json:"access_token"`
		ExpiresIn   int    `json:"expires_in"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil || answer.AccessToken == "" {
		return "", time.Time{}, &msalcae.Error{Status: resp.StatusCode, Err: err}
	}
	return answer.AccessToken, time.Now().Add(time.Duration(answer.ExpiresIn) * time.Second), nil
}
