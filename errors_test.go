package msalcae_test

import (
	"fmt"
	"testing"

	"github.com/msalcae/msalcae"
	"github.com/stretchr/testify/assert"
)

// The text of an error says what to do about it, once.
func TestErrorSaysWhatToDo(t *testing.T) {
	for want, err := range map[string]*msalcae.Error{
		"msalcae: Entra answered invalid_client (AADSTS7000215): misconfigured: check the secret [correlation id c1]": {
			Status: 401, Code: "invalid_client", AADSTS: []int{7000215}, CorrelationID: "c1",
			Err: fmt.Errorf("%w: check the secret", msalcae.ErrMisconfigured),
		},
		"msalcae: Entra answered invalid_grant/bad_token (AADSTS50173, AADSTS1): a person must sign in": {
			Status: 400, Code: "invalid_grant", Suberror: "bad_token", AADSTS: []int{50173, 1}, Err: fmt.Errorf("HTTP 400"),
		},
		"msalcae: login.test answered HTTP 503 Service Unavailable": {
			Status: 503, Err: fmt.Errorf("login.test answered HTTP 503 Service Unavailable"),
		},
		"msalcae: no token was obtained": {},
	} {
		assert.Equal(t, want, err.Error())
	}
}
