package tokensource

import (
	"testing"

	"github.com/msalcae/msalcae"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestCanonicalScopes(t *testing.T) {
	for _, c := range []struct{ in, want []string }{
		{[]string{"b", "a"}, []string{"a", "b"}},
		{[]string{"User.Read", "user.read", "USER.READ"}, []string{"User.Read"}},
		{[]string{" User.Read  Mail.Read\n"}, []string{"Mail.Read", "User.Read"}},
		{[]string{"offline_access", "User.Read", "openid", "profile"}, []string{"User.Read"}},
		{[]string{"openid", "offline_access"}, []string{"openid"}},
		{[]string{"offline_access"}, []string{"offline_access"}},
		{[]string{"email"}, []string{"email"}},
		{[]string{"https://127.0.0.1:1/.default"}, []string{"https://127.0.0.1:1/.default"}},
	} {
		got, err := canonicalScopes(c.in)
		require.NoError(t, err)
		assert.Equal(t, c.want, got, c.in)
	}
	for says, in := range map[string][]string{
		"no scopes":       {},
		"empty string":    {"User.Read", ""},
		"an empty string": {"  "},
		"not a scope":     {`User"Read`},
		"is not a scope":  {"Ü"},
	} {
		_, err := canonicalScopes(in)
		require.ErrorIs(t, err, msalcae.ErrMisconfigured, says)
		assert.ErrorContains(t, err, says)
	}
}

// The caller's slice is the caller's.
func TestCanonicalScopesCopies(t *testing.T) {
	in := []string{"b", "a"}
	_, err := canonicalScopes(in)
	require.NoError(t, err)
	assert.Equal(t, []string{"b", "a"}, in)
}
