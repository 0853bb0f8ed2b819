package entratest_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/msalcae/msalcae/entratest"
)

// A consequence is what one switch does to a person who has signed in before it
// is thrown: to the access token, to the refresh token, redeemed with the claims
// of the challenge if there is one, and to the next sign-in with them.
type consequence struct {
	name  string
	throw func(s *entratest.Server)

	challenge string // part of the 401's body; "": the token is still good
	claims    string // part of the challenge's claims

	aadsts          int // what the refresh token is answered with; 0: tokens
	suberror        string
	policy          bool   // the error's claims name the policy, which they do for confidential clients
	signIn          string // part of the sign-in's error; "": it succeeds
	steps           []string
	stillChallenged bool // the API refuses even the newest token
}

const revokedCode = "code: TokenIssuedBeforeRevocationTimestamp"

var nbf = `{"access_token":{"nbf":{"essential":true, "value":"`

// The rows of what a switch does, for a public client. "The password is asked
// for again" is the step signin.
var consequences = []consequence{
	{name: "nothing", throw: func(*entratest.Server) {}},
	{name: "Revoke", throw: func(s *entratest.Server) { s.Revoke(s.Username()) },
		challenge: revokedCode, claims: nbf, aadsts: 50173, suberror: "bad_token", steps: []string{"signin"}},
	{name: "RevokeAccessTokens", throw: func(s *entratest.Server) { s.RevokeAccessTokens(s.Username()) },
		challenge: revokedCode, claims: nbf},
	{name: "Disable", throw: func(s *entratest.Server) { s.Disable(s.Username()) },
		challenge: revokedCode, claims: nbf, aadsts: 50057, signIn: "AADSTS50057", stillChallenged: true},
	{name: "Delete", throw: func(s *entratest.Server) { s.Delete(s.Username()) },
		challenge: revokedCode, claims: nbf, aadsts: 50034, suberror: "bad_token", signIn: "AADSTS50034", stillChallenged: true},
	{name: "ChangePassword", throw: func(s *entratest.Server) { s.ChangePassword(s.Username(), "another") },
		challenge: revokedCode, claims: nbf, aadsts: 50173, suberror: "bad_token", steps: []string{"signin"}},
	{name: "ResetPassword", throw: func(s *entratest.Server) { s.ResetPassword(s.Username(), "another") },
		challenge: revokedCode, claims: nbf, aadsts: 50173, suberror: "bad_token", steps: []string{"signin"}},
	{name: "SetRisk/mfa", throw: func(s *entratest.Server) { s.SetRisk(s.Username(), entratest.RiskMFA) },
		challenge: revokedCode, claims: nbf, aadsts: 50076, suberror: "basic_action", policy: true, steps: []string{"approve"}},
	{name: "SetRisk/block", throw: func(s *entratest.Server) { s.SetRisk(s.Username(), entratest.RiskBlock) },
		challenge: revokedCode, claims: nbf, aadsts: 530032, suberror: "message_only", policy: true, signIn: "access_denied: AADSTS530032", stillChallenged: true},
	{name: "RequireMFA", throw: func(s *entratest.Server) { s.RequireMFA("") },
		aadsts: 50076, suberror: "basic_action", policy: true, steps: []string{"approve"}},
	{name: "RequireMFA/not registered", throw: func(s *entratest.Server) { s.RequireMFA(""); s.SetMFARegistered(s.Username(), false) },
		aadsts: 50079, policy: true, steps: []string{"approve"}},
	{name: "RequireMFA/ChangePolicy", throw: func(s *entratest.Server) { s.RequireMFA(""); s.ChangePolicy("") },
		challenge: "code: TokenCreatedWithOutdatedPolicies", claims: nbf, aadsts: 50076, suberror: "basic_action", policy: true, steps: []string{"approve"}},
	{name: "RequireCompliantDevice", throw: func(s *entratest.Server) { s.RequireCompliantDevice("") },
		aadsts: 53000, suberror: "additional_action", policy: true, signIn: "access_denied: AADSTS53000"},
	{name: "RequireAuthContext", throw: func(s *entratest.Server) { s.RequireAuthContext("c1") },
		challenge: "ClaimsChallengeRequiredException", claims: `"acrs":{"essential":true,"value":"c1"}`,
		aadsts: 50076, suberror: "basic_action", policy: true, steps: []string{"approve"}},
	{name: "MoveIP", throw: func(s *entratest.Server) { s.MoveIP(s.Username(), "203.0.113.7") },
		challenge: "code: LocationConditionEvaluationSatisfied", claims: `"xms_rp_ipaddr":{"value":"203.0.113.7"}`},
	{name: "MoveIP/not allowed", throw: func(s *entratest.Server) {
		s.AllowIPs("127.0.0.0/8")
		s.MoveIP(s.Username(), "203.0.113.7")
	},
		challenge: "code: LocationConditionEvaluationSatisfied", claims: `"xms_rp_ipaddr":{"value":"203.0.113.7"}`,
		aadsts: 53003, suberror: "message_only", policy: true, signIn: "access_denied: AADSTS53003", stillChallenged: true},
	{name: "MoveIPAtAPI/not allowed", throw: func(s *entratest.Server) {
		s.AllowIPs("127.0.0.1")
		s.MoveIPAtAPI(s.Username(), "203.0.113.7")
	},
		challenge: "code: LocationConditionEvaluationSatisfied", claims: `"xms_rp_ipaddr":{"value":"203.0.113.7"}`},
	{name: "MoveIPAtAPI/strict", throw: func(s *entratest.Server) {
		s.AllowIPs("127.0.0.1")
		s.StrictLocation(true)
		s.MoveIPAtAPI(s.Username(), "203.0.113.7")
	},
		challenge: "code: LocationConditionEvaluationSatisfied", claims: `"xms_rp_ipaddr":{"value":"203.0.113.7"}`,
		aadsts: 53003, suberror: "message_only", policy: true, signIn: "access_denied: AADSTS53003", stillChallenged: true},
	{name: "WithdrawConsent", throw: func(s *entratest.Server) { s.WithdrawConsent("", "") },
		aadsts: 65001, suberror: "consent_required", steps: []string{"consent"}},
	{name: "ExpireRefreshTokens/inactivity", throw: func(s *entratest.Server) {
		s.ExpireRefreshTokens(s.Username(), entratest.ExpiredByInactivity)
	}, aadsts: 700082, suberror: "bad_token"},
	{name: "ExpireRefreshTokens/sign-in frequency", throw: func(s *entratest.Server) {
		s.ExpireRefreshTokens(s.Username(), entratest.ExpiredBySignInFrequency)
	}, aadsts: 70043, suberror: "token_expired", steps: []string{"signin"}},
	{name: "ExpireRefreshTokens/unknown", throw: func(s *entratest.Server) {
		s.ExpireRefreshTokens(s.Username(), entratest.InvalidGrant)
	}, aadsts: 70000, suberror: "bad_token"},
	{name: "SetPropagationDelay", throw: func(s *entratest.Server) {
		s.SetPropagationDelay(15 * time.Minute)
		s.Revoke(s.Username())
	}, aadsts: 50173, suberror: "bad_token", steps: []string{"signin"}},
	{name: "RequireCP1", throw: func(s *entratest.Server) { s.RequireCP1(true) }},
}

func TestConsequences(t *testing.T) {
	s := newServer(t)
	app := newNativeApp(t, s)
	for _, c := range consequences {
		t.Run(c.name, func(t *testing.T) {
			defer s.Reset()
			browser := s.NewBrowser(s.Username())
			signIn := func(claims string, changes ...string) (answer, error) {
				changes = append(changes, "claims", claims, "prompt", "", "login_hint", s.Username())
				if err := browser.Open(app.authorizeURL(changes...)); err != nil {
					if len(app.answers) > 0 {
						<-app.answers
					}
					return answer{}, err
				}
				return app.redeem((<-app.answers).Get("code"), claims), nil
			}
			first, err := signIn(cp1)
			require.NoError(t, err)
			require.Equal(t, 200, call(t, s, first.token(), "GET", "/me", "").status)
			before := len(browser.Steps())
			c.throw(s)

			claims := cp1
			used := call(t, s, first.token(), "GET", "/me", "")
			if c.challenge == "" {
				assert.Equal(t, 200, used.status)
			} else {
				require.Equal(t, 401, used.status)
				assert.Contains(t, string(used.body), c.challenge)
				assert.Contains(t, challengeOf(t, used), c.claims)
				claims = merge(t, challengeOf(t, used))
			}

			silent := app.refresh(first.text("refresh_token"), claims)
			assert.Equal(t, c.aadsts, silent.code())
			assert.Equal(t, c.suberror, silent.text("suberror"))
			assert.Empty(t, silent.text("claims"), "public clients are not told of the policy")
			if c.aadsts == 0 {
				require.Equal(t, 200, silent.status, "%s", silent.body)
				again := call(t, s, silent.token(), "GET", "/me", "")
				assert.Equal(t, 200, again.status, "%s", again.body)
			} else {
				assert.Equal(t, 400, silent.status)
			}

			last, err := signIn(claims)
			if c.signIn != "" {
				assert.ErrorContains(t, err, c.signIn)
				if c.stillChallenged {
					assert.Equal(t, 401, call(t, s, first.token(), "GET", "/me", "").status)
				}
				return
			}
			require.NoError(t, err)
			assert.Equal(t, c.steps, nonempty(browser.Steps()[before:]))
			healed := call(t, s, last.token(), "GET", "/me", "")
			assert.Equal(t, 200, healed.status, "%s", healed.body)
			assert.Equal(t, 200, app.refresh(last.text("refresh_token"), cp1).status)
		})
	}
}

func nonempty(steps []string) []string {
	if len(steps) == 0 {
		return nil
	}
	return steps
}
