package entratest_test

import (
	"encoding/base64"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/msalcae/msalcae/entratest"
	"github.com/msalcae/msalcae/wwwauth"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What an API says in a bubble, whose clock begins with the year 2000.
const (
	login    = "https://login.entra.test"
	uri      = `authorization_uri="` + login + `/common/oauth2/authorize"`
	graphID  = `client_id="00000003-0000-0000-c000-000000000000"`
	tenant   = "11111111-2222-3333-4444-555555555555"
	revoked  = `{"access_token":{"nbf":{"essential":true, "value":"946684800"}}}` // the blank is Graph's
	revoked0 = `{"access_token":{"nbf":{"essential":true,"value":"946684800"}}}`
	code10k  = `{"access_token":{"nbf":{"essential":true,"value":"946684800"},"xms_caeerror":{"value":"10012"}}}`
	moved    = `{"access_token":{"nbf":{"essential":true,"value":"946684800"},"xms_rp_ipaddr":{"value":"203.0.113.7"}}}`
	movedTo  = `{"access_token":{"xms_rp_ipaddr":{"essential":true,"value":"203.0.113.7"}}}`
	stepUp   = `{"access_token":{"acrs":{"essential":true,"value":"c1"}}}`
	stepUps  = `{"access_token":{"acrs":{"essential":true,"values":["c1"]}}}`
	because  = "Continuous access evaluation resulted in challenge with result: InteractionRequired and code: "
	pop      = `PoP realm="", ` + uri + `, ` + graphID + `, nonce="ZW50cmF0ZXN0"`
	shp      = `Bearer realm="` + tenant + `",client_id="00000003-0000-0ff1-ce00-000000000000",` +
		`trusted_issuers="00000001-0000-0000-c000-000000000000@*,` + tenant + `@*",` + uri
	exo = `Bearer client_id="00000002-0000-0ff1-ce00-000000000000", trusted_issuers="00000001-0000-0000-c000-000000000000@*", ` +
		`token_types="app_asserted_user_v1 service_asserted_app_v1", ` + uri
)

func b64(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

func insufficient(claims string) string {
	return `, error="insufficient_claims", claims="` + b64(claims) + `"`
}

// revocations are the headers after a revocation, and plains without a token.
var revocations = map[entratest.ChallengeForm][]string{
	entratest.GraphForm:     {`Bearer realm="", ` + uri + `, ` + graphID + insufficient(revoked)},
	entratest.ForbiddenForm: {`Bearer realm="", ` + uri + `, ` + graphID + insufficient(revoked)},
	entratest.Graph2022Form: {`Bearer realm="", authorization_uri=` + login + `/common/oauth2/authorize, ` + graphID +
		`, errorDescription="` + because + `TokenIssuedBeforeRevocationTimestamp"` + insufficient(revoked)},
	entratest.Graph2025Form: {`Bearer realm="", ` + uri + `, ` + graphID +
		`, error_description="` + because + `TokenIssuedBeforeRevocationTimestamp"` + insufficient(revoked) + `, ` + pop},
	entratest.PoPBearerForm: {pop + `, Bearer realm="", ` + uri + `, ` + graphID +
		`, error_description="` + because + `TokenIssuedBeforeRevocationTimestamp"` + insufficient(revoked)},
	entratest.TwoHeadersForm:  {pop, `Bearer realm="", ` + uri + `, ` + graphID + insufficient(revoked)},
	entratest.GenericForm:     {`Bearer realm="", ` + uri + insufficient(revoked)},
	entratest.AuthContextForm: {`Bearer realm="", ` + uri + `, ` + graphID + insufficient(revoked) + `, cc_type="authcontext"`},
	entratest.ARMForm:         {`Bearer realm="", ` + uri + insufficient(revoked0)},
	entratest.ARM2020Form: {`Bearer authorization_uri="` + login + `/", error="invalid_token", ` +
		`error_description="User session has been revoked", claims="` + b64(revoked) + `"`},
	entratest.SharePointForm: {shp + strings.ReplaceAll(insufficient(revoked0), ", ", ",")},
	entratest.ExchangeForm:   {exo + insufficient(revoked)},
	entratest.KeyVaultForm:   {`Bearer realm="", ` + uri + insufficient(code10k)},
	entratest.StorageForm:    {`Bearer realm="", ` + uri + insufficient(code10k)},
	entratest.DataverseForm: {`Bearer authorization_uri=` + login + `/` + tenant + `/oauth2/authorize, resource_id=https://contoso.crm.dynamics.com/` +
		insufficient(strings.Replace(moved, "203.0.113.7", "127.0.0.1", 1))},
	entratest.DevOpsForm: {`Bearer authorization_uri=` + login + `/` + tenant +
		insufficient(strings.Replace(movedTo, "203.0.113.7", "127.0.0.1", 1)) + `, Basic realm="https://tfs.contoso.test/", TFS-Federated`},
	entratest.UnpaddedForm: {`Bearer realm="", ` + uri + insufficient(revoked)},
	entratest.URLAlphabetForm: {`Bearer realm="", ` + uri + strings.Replace(insufficient(noted(revoked)),
		b64(noted(revoked)), base64.URLEncoding.EncodeToString([]byte(noted(revoked))), 1)},
	entratest.LowerCaseForm: {`bearer realm="", ` + uri + insufficient(revoked)},
	entratest.SpacedForm: {"Bearer realm = \"\" ,\tauthorization_uri = \"" + login + "/common/oauth2/authorize\" ,\t" +
		"error = \"insufficient_claims\" ,\tClaims = \"" + b64(revoked) + `"`},
	entratest.UnquotedForm: {`Bearer authorization_uri=` + login + `/common/oauth2/authorize, error=insufficient_claims, claims=` + b64(revoked)},
}

var plains = map[entratest.ChallengeForm]string{
	entratest.GraphForm:      `Bearer realm="", ` + uri + `, ` + graphID,
	entratest.ForbiddenForm:  `Bearer realm="", ` + uri + `, ` + graphID,
	entratest.ARMForm:        `Bearer authorization_uri="` + login + `/", error="invalid_token", error_description="Access token is empty."`,
	entratest.KeyVaultForm:   `Bearer authorization="` + login + `/` + tenant + `", resource="https://vault.azure.net"`,
	entratest.StorageForm:    `Bearer authorization_uri=` + login + `/` + tenant + `/oauth2/authorize resource_id=https://storage.azure.com`,
	entratest.SharePointForm: shp,
	entratest.ExchangeForm:   exo + `, error="invalid_token"`,
	entratest.DataverseForm:  `Bearer authorization_uri=` + login + `/` + tenant + `/oauth2/authorize, resource_id=https://contoso.crm.dynamics.com/`,
	entratest.DevOpsForm:     `Bearer authorization_uri=` + login + `/` + tenant + `, Basic realm="https://tfs.contoso.test/", TFS-Federated`,
	entratest.TruncatedForm:  `Bearer realm="", ` + uri + `, ` + graphID,
}

// Every form, as a service's own answer was seen, for a revocation, without a
// token, for another address and for a step-up.
func TestChallengeForms(t *testing.T) {
	require.Len(t, entratest.ChallengeForms(), len(revocations))
	for _, form := range entratest.ChallengeForms() {
		t.Run(string(form), func(t *testing.T) {
			inBubble(t, func(t *testing.T, s *entratest.Server) {
				s.SetChallengeForm(form)
				ask := func(token string) answer { return call(t, s, token, "GET", "/users", "") }
				if header, ok := plains[form]; ok {
					plain := ask("")
					assert.Equal(t, 401, plain.status)
					assert.Equal(t, header, plain.header.Get("WWW-Authenticate"))
				}
				token := post(t, s, daemon(s, cp1)).token()
				s.Revoke(s.ClientID())
				refused := ask(token)
				want := revocations[form]
				switch form {
				case entratest.UnpaddedForm:
					want = []string{strings.Replace(want[0], b64(revoked), strings.TrimRight(b64(revoked), "="), 1)}
				case entratest.ForbiddenForm:
					assert.Equal(t, 403, refused.status)
				default:
					assert.Equal(t, 401, refused.status)
				}
				assert.Equal(t, want, refused.header.Values("WWW-Authenticate"))
				assert.Equal(t, claimsOf(form, "revoked"), read(t, refused))

				token = post(t, s, daemon(s, cp1)).token()
				s.MoveIP(s.ClientID(), "203.0.113.7")
				assert.Equal(t, claimsOf(form, "moved"), read(t, ask(token)))

				token = post(t, s, daemon(s, cp1)).token()
				s.RequireAuthContext("c1")
				last := ask(token)
				assert.Equal(t, claimsOf(form, "stepUp"), read(t, last))
				_, err := base64.StdEncoding.DecodeString(claimsParameter(last))
				odd := form == entratest.UnpaddedForm || form == entratest.URLAlphabetForm
				assert.Equal(t, odd, err != nil, "%v", err)
			})
		})
	}
}

// claimsParameter is the parameter as it came, "" if there is none in a Bearer
// challenge.
func claimsParameter(a answer) (claims string) {
	for _, c := range wwwauth.Parse(a.header) {
		if strings.EqualFold(c.Scheme, "Bearer") {
			claims = c.Params["claims"]
		}
	}
	return claims
}

// read is what a client makes of an answer.
func read(t *testing.T, a answer) string {
	t.Helper()
	claims, err := wwwauth.Claims(&http.Response{StatusCode: a.status, Header: a.header})
	require.NoError(t, err)
	return claims
}

// noted has a text whose base64 depends on the alphabet, beside what is asked of
// the access token.
func noted(claims string) string { return strings.TrimSuffix(claims, "}") + `,"note":"???>>>"}` }

// claimsOf is what a form tells a client about an event; "": nothing that it may
// act on. Whatever would look the same in another encoding is altered.
func claimsOf(form entratest.ChallengeForm, event string) string {
	claims := serviceClaims(form, event)
	switch {
	case form == entratest.URLAlphabetForm:
		return noted(claims)
	case form == entratest.UnpaddedForm && len(claims)%3 == 0:
		return strings.Replace(claims, "{", "{ ", 1)
	}
	return claims
}

func serviceClaims(form entratest.ChallengeForm, event string) string {
	switch form {
	case entratest.ForbiddenForm, entratest.ARM2020Form:
		return ""
	}
	switch event {
	case "stepUp":
		if form == entratest.ARMForm {
			return stepUps
		}
		return stepUp
	case "moved":
		if form == entratest.DevOpsForm {
			return movedTo
		}
		return moved
	}
	switch form {
	case entratest.ARMForm, entratest.SharePointForm:
		return revoked0
	case entratest.KeyVaultForm, entratest.StorageForm:
		return code10k
	case entratest.DataverseForm:
		return strings.Replace(moved, "203.0.113.7", "127.0.0.1", 1)
	case entratest.DevOpsForm:
		return strings.Replace(movedTo, "203.0.113.7", "127.0.0.1", 1)
	}
	return revoked
}

func TestBodiesOfChallengeForms(t *testing.T) {
	inBubble(t, func(t *testing.T, s *entratest.Server) {
		token := post(t, s, daemon(s, cp1)).token()
		s.RequireAuthContext("p1")
		ask := func(form entratest.ChallengeForm) answer {
			s.SetChallengeForm(form)
			return call(t, s, token, "GET", "/users", "")
		}
		assert.JSONEq(t, `{"error":{"code":"RequestDisallowedByPolicy","message":"Resource 'users' was disallowed by policy. Reasons: MFA is required."}}`,
			string(ask(entratest.ARMForm).body))
		assert.Contains(t, string(ask(entratest.StorageForm).body), "<Code>InvalidAuthenticationInfo</Code>")
		assert.Empty(t, ask(entratest.DataverseForm).body)
		assert.Contains(t, ask(entratest.ExchangeForm).header.Get("x-ms-diagnostics"), "2000004;reason=")
		assert.Contains(t, string(ask(entratest.GraphForm).body), "ClaimsChallengeRequiredException")
		s.RequireAuthContext()
		s.Revoke(s.ClientID())
		assert.JSONEq(t, `{"error":{"code":"AuthenticationFailed","message":"`+because+`TokenIssuedBeforeRevocationTimestamp"}}`, string(ask(entratest.ARMForm).body))
	})
}

func TestMalformedForms(t *testing.T) {
	for _, form := range entratest.MalformedForms() {
		t.Run(string(form), func(t *testing.T) {
			inBubble(t, func(t *testing.T, s *entratest.Server) {
				token := post(t, s, daemon(s, cp1)).token()
				s.Revoke(s.ClientID())
				s.SetChallengeForm(form)
				refused := call(t, s, token, "GET", "/users", "")
				assert.Equal(t, 401, refused.status)
				claims, err := wwwauth.Claims(&http.Response{StatusCode: 401, Header: refused.header})
				assert.Empty(t, claims)
				assert.True(t, errors.Is(err, wwwauth.ErrMalformedClaims), "%v", err)
				assert.Equal(t, 1, s.Stats().Challenges)
				assert.Equal(t, plains[entratest.GraphForm], call(t, s, "", "GET", "/users", "").header.Get("WWW-Authenticate"))
			})
		})
	}
	s := newServer(t)
	assert.Panics(t, func() { s.SetChallengeForm("mumbled") })
	assert.Panics(t, func() { s.ProtectResource(nil, entratest.Resource{Form: "mumbled"}) })
	assert.Panics(t, func() { s.FailAPI(1, entratest.Fault{Challenge: "{}", Form: "mumbled"}) })
}

// A fault speaks in a form as well, and whatever the API speaks otherwise.
func TestFaultsInChallengeForms(t *testing.T) {
	inBubble(t, func(t *testing.T, s *entratest.Server) {
		token := post(t, s, daemon(s, cp1)).token()
		s.FailAPI(1, entratest.Fault{Challenge: revoked, Form: entratest.KeyVaultForm})
		s.FailAPI(1, entratest.Fault{Challenge: revoked, Form: entratest.TwiceEncodedForm})
		assert.Equal(t, revoked, read(t, call(t, s, token, "GET", "/users", "")))
		_, err := wwwauth.Claims(&http.Response{StatusCode: 401, Header: call(t, s, token, "GET", "/users", "").header})
		assert.ErrorIs(t, err, wwwauth.ErrMalformedClaims)
		assert.Equal(t, 200, call(t, s, token, "GET", "/users", "").status)
	})
}
