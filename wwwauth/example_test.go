package wwwauth_test

import (
	"encoding/base64"
	"fmt"
	"net/http"

	"github.com/msalcae/msalcae/wwwauth"
)

func ExampleParse() {
	h := http.Header{}
	h.Add("WWW-Authenticate", `PoP realm="", nonce="c2lnbmF0dXJl", Bearer realm="", authorization_uri=https://login.microsoftonline.com/common/oauth2/authorize`)
	h.Add("WWW-Authenticate", `Negotiate`)
	for _, c := range wwwauth.Parse(h) {
		fmt.Printf("%s %q\n", c.Scheme, c.Params["authorization_uri"])
	}
	// Output:
	// PoP ""
	// Bearer "https://login.microsoftonline.com/common/oauth2/authorize"
	// Negotiate ""
}

// An API that wants a stronger sign-in for one of its operations.
func ExampleChallenge_String() {
	claims := `{"access_token":{"acrs":{"essential":true,"value":"c1"}}}`
	challenge := wwwauth.Challenge{Scheme: "Bearer", Params: map[string]string{
		"realm":             "",
		"authorization_uri": "https://login.microsoftonline.com/common/oauth2/authorize",
		"error":             "insufficient_claims",
		"claims":            base64.StdEncoding.EncodeToString([]byte(claims)),
	}}
	mux := http.NewServeMux()
	mux.HandleFunc("/wire-transfer", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("WWW-Authenticate", challenge.String())
		http.Error(w, "sign in with a second factor", http.StatusUnauthorized)
	})
	fmt.Println(challenge)
	// Output:
	// Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", error="insufficient_claims", claims="eyJhY2Nlc3NfdG9rZW4iOnsiYWNycyI6eyJlc3NlbnRpYWwiOnRydWUsInZhbHVlIjoiYzEifX19"
}

func ExampleWhy() {
	resp := &http.Response{StatusCode: http.StatusUnauthorized, Header: http.Header{"Www-Authenticate": {
		`Bearer realm="", error_description="Continuous access evaluation resulted in challenge with result: InteractionRequired and code: LocationConditionEvaluationSatisfied", ` +
			`error="insufficient_claims", claims="eyJhY2Nlc3NfdG9rZW4iOnsibmJmIjp7ImVzc2VudGlhbCI6dHJ1ZSwidmFsdWUiOiIxNzAwMDAwMDAwIn0sInhtc19ycF9pcGFkZHIiOnsidmFsdWUiOiIyMDMuMC4xMTMuNyJ9fX0="`,
	}}}
	for _, reason := range wwwauth.Why(resp) {
		fmt.Println(reason.Cause, reason.Values)
		fmt.Println("Please sign in again:", reason)
	}
	// Output:
	// location [203.0.113.7]
	// Please sign in again: a location policy applies to the network address 203.0.113.7 that the API sees
}

func ExampleExplain() {
	fmt.Println(wwwauth.Explain(`{"access_token":{"acrs":{"essential":true,"value":"c1"}}}`))
	// Output:
	// sign-in must satisfy authentication context c1
}
