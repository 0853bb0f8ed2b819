package main

import (
	"encoding/base64"
	"errors"
	"io"
	"log"
	"net/http"
	"strings"

	"github.com/msalcae/msalcae"
	"github.com/msalcae/msalcae/tokensource"
	"github.com/msalcae/msalcae/wwwauth"
)

// An api calls Graph as its callers.
type api struct {
	*http.ServeMux
	app       *tokensource.Confidential
	tokens    *validator
	authority string
	graph     string
	scope     string
	base      http.RoundTripper // below the calls to Graph; nil: net/http's
}

func newAPI(cfg tokensource.ConfidentialConfig, graph, scope string) (*api, error) {
	app, err := tokensource.NewConfidential(cfg)
	if err != nil {
		return nil, err
	}
	a := &api{ServeMux: http.NewServeMux(), app: app, tokens: newValidator(cfg), authority: cfg.Authority, graph: graph, scope: scope}
	if cfg.HTTPClient != nil {
		a.base = cfg.HTTPClient.Transport
	}
	a.HandleFunc("GET /profile", a.profile)
	return a, nil
}

func (a *api) profile(w http.ResponseWriter, r *http.Request) {
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	caller, err := a.tokens.check(r.Context(), token)
	switch {
	case errors.Is(err, errNoKeys):
		a.fail(w, err)
		return
	case err != nil:
		a.unauthorized(w, map[string]string{"error": "invalid_token"})
		return
	}
	graph := (&msalcae.Transport{Source: a.app.OnBehalfOf(token, a.scope), Base: a.base}).Client()
	req, err := http.NewRequestWithContext(r.Context(), http.MethodGet, a.graph+"/me", nil)
	if err != nil {
		a.fail(w, err)
		return
	}
	resp, err := graph.Do(req)
	if err != nil {
		a.answer(w, caller, err)
		return
	}
	defer resp.Body.Close()
	w.Header().Set("Content-Type", resp.Header.Get("Content-Type"))
	w.WriteHeader(resp.StatusCode)
	_, _ = io.Copy(w, resp.Body)
}

// answer tells the caller what only the caller can do something about.
func (a *api) answer(w http.ResponseWriter, caller caller, err error) {
	switch {
	case errors.Is(err, tokensource.ErrAssertionExpired):
		a.unauthorized(w, map[string]string{"error": "invalid_token"})
	case !errors.Is(err, msalcae.ErrInteractionRequired):
		a.fail(w, err)
	case !caller.answersChallenges():
		// It has not said that it can, and would take a challenge for a failure.
		http.Error(w, "Sign in again.", http.StatusForbidden)
	default:
		a.unauthorized(w, map[string]string{
			"error":  "insufficient_claims",
			"claims": base64.StdEncoding.EncodeToString([]byte(claimsOf(err))),
		})
	}
}

// claimsOf returns what the caller's next token must satisfy: what Entra says,
// or else what Graph does.
func claimsOf(err error) string {
	var entra *msalcae.Error
	if errors.As(err, &entra) && entra.Claims != "" {
		return entra.Claims
	}
	var graph *msalcae.ChallengeError
	if errors.As(err, &graph) && graph.Claims != "" {
		return graph.Claims
	}
	return `{"access_token":{}}`
}

func (a *api) unauthorized(w http.ResponseWriter, params map[string]string) {
	params["realm"], params["authorization_uri"] = "", a.authority+"/oauth2/v2.0/authorize"
	w.Header().Set("WWW-Authenticate", wwwauth.Challenge{Scheme: "Bearer", Params: params}.String())
	w.WriteHeader(http.StatusUnauthorized)
}

// fail tells the log, and the caller no more than it needs. Errors of msalcae
// hold no secret.
func (a *api) fail(w http.ResponseWriter, err error) {
	log.Print(err)
	http.Error(w, "That did not work. Try again in a while.", http.StatusBadGateway)
}
