package tokensource_test

import (
	"testing"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"
	"github.com/msalcae/msalcae"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The story of a person: signed in once, cut off, and back without the program
// noticing.
func TestRevokedSessionEndsInOnePrompt(t *testing.T) {
	e := newEntra(t)
	p := e.public(e.browser())
	api := e.api(p.Account(public.Account{}, e.Scope()))

	require.Equal(t, 200, e.get(api, "/me"), "the first call asks the person to sign in")
	require.Equal(t, 1, e.Stats().Prompts)

	before := e.Stats()
	e.Revoke(e.Username())
	require.Equal(t, 200, e.get(api, "/me"))
	d := e.Stats().Sub(before)
	assert.Equal(t, 1, d.Challenges)
	assert.Equal(t, 1, d.Prompts)
	assert.Equal(t, 1, d.RefreshRequests, "the refused refresh")
	assert.Equal(t, 1, d.CodeRequests)
	assert.Equal(t, 2, d.APICalls)
}

func TestPolicyChangeHealsSilently(t *testing.T) {
	e := newEntra(t)
	p := e.public(e.browser())
	who, err := p.SignIn(testContext(t), e.Scope())
	require.NoError(t, err)
	assert.Equal(t, e.Username(), who.PreferredUsername)
	api := e.api(p.Account(who, e.Scope()))
	require.Equal(t, 200, e.get(api, "/me"))

	before := e.Stats()
	e.ChangePolicy(e.Username())
	require.Equal(t, 200, e.get(api, "/me"))
	d := e.Stats().Sub(before)
	assert.Equal(t, 1, d.RefreshRequests)
	assert.Zero(t, d.Prompts)
}

func TestNobodyToAsk(t *testing.T) {
	e := newEntra(t)
	p := e.public(nil)
	_, err := p.Account(public.Account{}, e.Scope()).Token(testContext(t), msalcae.TokenRequest{})
	require.ErrorIs(t, err, msalcae.ErrInteractionRequired)
	assert.ErrorContains(t, err, "call SignIn")
}
