package engine

import (
	"errors"
	"fmt"
	"testing"

	"github.com/msalcae/msalcae"
	"github.com/stretchr/testify/assert"
)

func TestClaimsOfASignInAfterARefusal(t *testing.T) {
	refusal := func(claims string) error {
		return fmt.Errorf("wrapped: %w", &msalcae.Error{Code: "interaction_required", Claims: claims})
	}
	assert.JSONEq(t, `{"access_token":{"acrs":{"value":"c2"},"x":1,"y":2}}`, WithClaimsOf(
		refusal(`{"access_token":{"acrs":{"value":"c2"},"x":1}}`), `{"access_token":{"acrs":{"value":"c1"},"y":2}}`))
	assert.JSONEq(t, `{"access_token":{"x":1}}`, WithClaimsOf(refusal(`{"access_token":{"x":1}}`), ""))
	for name, err := range map[string]error{
		"none": nil, "not Entra's": errors.New("no network"), "without claims": refusal(""), "of nobody's use": refusal("null"), "asks nothing": refusal("{}"),
	} {
		for _, claims := range []string{"", nbf(0)} {
			assert.Equal(t, claims, WithClaimsOf(err, claims), name)
		}
	}
}
