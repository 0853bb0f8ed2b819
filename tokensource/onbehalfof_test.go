package tokensource

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"
	"github.com/msalcae/msalcae"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// confidentialOver is a client at s, with settings of set's.
func confidentialOver(t testing.TB, s http.RoundTripper, set ...func(*ConfidentialConfig)) *Confidential {
	t.Helper()
	cred, err := confidential.NewCredFromSecret("the-client-secret")
	require.NoError(t, err)
	cfg := ConfidentialConfig{Authority: testAuthority, ClientID: "id", Credential: cred, HTTPClient: &http.Client{Transport: s}}
	for _, f := range set {
		f(&cfg)
	}
	c, err := NewConfidential(cfg)
	require.NoError(t, err)
	return c
}

// assertionOf is an access token of a person, for this API.
func assertionOf(uid string, ends time.Time) string {
	return b64(`{"alg":"RS256"}`) + "." + b64(fmt.Sprintf(`{"oid":%q,"aud":"api://id","exp":%d}`, uid, ends.Unix())) + ".c2ln"
}

// onBehalf answers the exchange of an assertion, or the redemption of a refresh
// token, with a token of its person.
func onBehalf(n int, form url.Values) (int, string) {
	who := strings.TrimPrefix(form.Get("refresh_token"), "rt-of-")
	if form.Get("grant_type") != "refresh_token" {
		_, payload, _ := strings.Cut(form.Get("assertion"), ".")
		data, _ := base64.RawURLEncoding.DecodeString(strings.TrimSuffix(payload, ".c2ln"))
		who, _, _ = strings.Cut(strings.TrimPrefix(string(data), `{"oid":"`), `"`)
	}
	return 200, userToken(who, fmt.Sprintf("at-%d-of-%s", n, who), form.Get("scope"), "")
}

func TestOnBehalfOfOneSourceForEqualArguments(t *testing.T) {
	c := confidentialOver(t, &scriptedEntra{answer: onBehalf})
	ada := assertionOf("ada", time.Now().Add(time.Hour))
	s := c.OnBehalfOf(ada, "api://b/.default")
	assert.Same(t, s, c.OnBehalfOf(strings.Clone(ada), "API://b/.default"))
	assert.NotSame(t, s, c.OnBehalfOf(ada, "api://c/.default"))
	assert.NotSame(t, s, c.OnBehalfOf(assertionOf("bob", time.Now().Add(time.Hour)), "api://b/.default"))
	assert.NotSame(t, s, c.Tenant("fabrikam.test").OnBehalfOf(ada, "api://b/.default"))
	assert.Same(t, s, c.Tenant("").OnBehalfOf(ada, "api://b/.default"))
	assert.Equal(t, 4, c.delegates.Len())
	opaque := c.OnBehalfOf("opaque", "api://b/.default")
	assert.Same(t, opaque, c.OnBehalfOf("opaque", "api://b/.default"))
	assert.Equal(t, []string{"graph.microsoft.us"}, confidentialOver(t, nil, func(cfg *ConfidentialConfig) {
		cfg.Authority = "https://login.microsoftonline.us/t"
	}).OnBehalfOf(ada, "User.Read").Hosts())
}

func TestOnBehalfOfArguments(t *testing.T) {
	s := &scriptedEntra{answer: onBehalf}
	c := confidentialOver(t, s)
	ada := assertionOf("ada", time.Now().Add(time.Hour))
	for says, source := range map[string]*Source{
		"the assertion is empty":       c.OnBehalfOf("", "x"),
		"is not a token":               c.OnBehalfOf("Bearer "+ada, "x"),
		"is not a token; pass":         c.OnBehalfOf(strings.Repeat("x", maxAssertionBytes+1), "x"),
		"no scopes":                    c.OnBehalfOf(ada),
		"is not the id or domain name": c.Tenant("../x").OnBehalfOf(ada, "x"),
	} {
		_, err := source.Token(context.Background(), msalcae.TokenRequest{})
		require.ErrorIs(t, err, msalcae.ErrMisconfigured, says)
		require.ErrorContains(t, err, says)
		assert.Equal(t, err, source.Err())
	}
	assert.Zero(t, s.count())
	assert.Zero(t, c.delegates.Len())
}

// A source found again costs the hash of its assertion and nothing else.
func TestOnBehalfOfLookupAllocatesNothing(t *testing.T) {
	c := confidentialOver(t, &scriptedEntra{answer: onBehalf})
	ada := assertionOf(strings.Repeat("ada", 500), time.Now().Add(time.Hour))
	c.OnBehalfOf(ada, "api://b/.default")
	assert.Zero(t, testing.AllocsPerRun(100, func() { c.OnBehalfOf(ada, "api://b/.default") }))
	c.OnBehalfOf(ada, "api://b/write", "api://b/read")
	assert.Zero(t, testing.AllocsPerRun(100, func() { c.OnBehalfOf(ada, "api://b/write", "api://b/read") }))
}

// A challenge is answered by the refresh token that came with the exchange, and
// so is a refresh after the assertion has expired.
func TestOnBehalfOfHeals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &scriptedEntra{answer: onBehalf}
		c := confidentialOver(t, s)
		ada := assertionOf("ada", time.Now().Add(time.Hour))
		source := c.OnBehalfOf(ada, "api://b/.default")
		tok, err := source.Token(t.Context(), msalcae.TokenRequest{})
		require.NoError(t, err)
		assert.Equal(t, "at-1-of-ada", tok.Value)
		tok, err = source.Token(t.Context(), msalcae.TokenRequest{Claims: laterNbf, Rejected: tok.Value})
		require.NoError(t, err)
		assert.Equal(t, "at-2-of-ada", tok.Value)
		assert.Equal(t, "refresh_token", s.requests[1].Get("grant_type"))
		assert.Contains(t, s.requests[1].Get("claims"), "nbf")
		assert.Contains(t, s.requests[1].Get("claims"), "cp1")

		time.Sleep(2 * time.Hour)
		synctest.Wait()
		assert.Zero(t, c.delegates.Len(), "forgotten when it expired")
		tok, err = source.Token(t.Context(), msalcae.TokenRequest{})
		require.NoError(t, err, "whoever still works for the person goes on")
		assert.Equal(t, "at-3-of-ada", tok.Value)
	})
}

// What Entra refuses arrives with what has to be relayed.
func TestOnBehalfOfRefusal(t *testing.T) {
	const policy = `{"access_token":{"polids":{"essential":true,"values":["p"]}}}`
	s := &scriptedEntra{answer: func(n int, form url.Values) (int, string) {
		if n == 1 {
			return onBehalf(n, form)
		}
		return 400, fmt.Sprintf(`{"error":"interaction_required","suberror":"basic_action","error_codes":[50079],"claims":%q}`, policy)
	}}
	source := confidentialOver(t, s).OnBehalfOf(assertionOf("ada", time.Now().Add(time.Hour)), "api://b/.default")
	tok, err := source.Token(context.Background(), msalcae.TokenRequest{})
	require.NoError(t, err)
	_, err = source.Token(context.Background(), msalcae.TokenRequest{Claims: laterNbf, Rejected: tok.Value})
	var answer *msalcae.Error
	require.ErrorAs(t, err, &answer)
	require.ErrorIs(t, err, msalcae.ErrInteractionRequired)
	assert.NotErrorIs(t, err, ErrAssertionExpired)
	assert.Equal(t, policy, answer.Claims)
	assert.Equal(t, "basic_action", answer.Suberror)
	assert.Equal(t, 3, s.count(), "MSAL tries the refresh token and then the assertion")
	_, err = source.Token(context.Background(), msalcae.TokenRequest{})
	require.ErrorIs(t, err, msalcae.ErrInteractionRequired, "and Entra is spared for a while")
	assert.Equal(t, 3, s.count())
}

func TestAssertionExpired(t *testing.T) {
	ctx := context.Background()
	s := &scriptedEntra{answer: func(n int, form url.Values) (int, string) {
		return 400, `{"error":"invalid_grant","error_codes":[500133]}`
	}}
	c := confidentialOver(t, s)
	says := func(err error) {
		t.Helper()
		require.ErrorIs(t, err, ErrAssertionExpired)
		require.ErrorIs(t, err, msalcae.ErrInteractionRequired)
		assert.EqualError(t, err, "msalcae: the assertion has expired; answer this API's caller with 401, so that it comes again with a newer token")
	}
	_, err := c.OnBehalfOf(assertionOf("ada", time.Now().Add(-time.Hour)), "User.Read").Token(ctx, msalcae.TokenRequest{})
	says(err)
	assert.Zero(t, s.count(), "that could be seen here")
	assert.Zero(t, c.delegates.Len())

	_, err = c.OnBehalfOf("opaque", "User.Read").Token(ctx, msalcae.TokenRequest{})
	says(err)
	var answer *msalcae.Error
	require.ErrorAs(t, err, &answer, "and that Entra said")
	assert.Equal(t, []int{500133}, answer.AADSTS)
	_, err = c.OnBehalfOf(assertionOf("ada", time.Now().Add(-time.Minute)), "User.Read").Token(ctx, msalcae.TokenRequest{})
	says(err)
	assert.Equal(t, 2, s.count(), "a minute may be between two clocks")
}

// A person's revoked session is not an expired assertion, even if that is old.
func TestOldAssertionOfARevokedSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &scriptedEntra{answer: func(n int, form url.Values) (int, string) {
			if n == 1 {
				return onBehalf(n, form)
			}
			return 400, `{"error":"invalid_grant","suberror":"bad_token","error_codes":[50173]}`
		}}
		source := confidentialOver(t, s).OnBehalfOf(assertionOf("ada", time.Now().Add(time.Minute)), "api://b/.default")
		_, err := source.Token(t.Context(), msalcae.TokenRequest{})
		require.NoError(t, err)
		time.Sleep(2 * time.Hour)
		_, err = source.Token(t.Context(), msalcae.TokenRequest{})
		require.ErrorIs(t, err, msalcae.ErrInteractionRequired)
		assert.NotErrorIs(t, err, ErrAssertionExpired)
	})
}

// MSAL refuses a token of this flow that lives for five minutes or less.
func TestOnBehalfOfShortLivedToken(t *testing.T) {
	s := &scriptedEntra{answer: func(n int, form url.Values) (int, string) {
		status, body := onBehalf(n, form)
		return status, strings.Replace(body, `"expires_in":3600`, `"expires_in":200`, 1)
	}}
	_, err := confidentialOver(t, s).OnBehalfOf("opaque", "api://b/.default").Token(context.Background(), msalcae.TokenRequest{})
	require.ErrorContains(t, err, "less than five minutes")
	assert.NotErrorIs(t, err, msalcae.ErrInteractionRequired)
}
