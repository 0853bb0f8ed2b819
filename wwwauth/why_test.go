package wwwauth_test

import (
	"strings"
	"testing"

	"github.com/msalcae/msalcae/wwwauth"
	"github.com/stretchr/testify/assert"
)

func TestExplain(t *testing.T) {
	for _, c := range []struct {
		claims string
		want   wwwauth.Reasons
		says   string
	}{
		{``, nil, ""},
		{`{"access_token":{"nbf":{"essential":true, "value":"1604106651"}}}`,
			wwwauth.Reasons{{Cause: wwwauth.Revoked}},
			"the session was revoked or the password changed"},
		{`{"access_token":{"nbf":{"essential":true,"value":"1"},"xms_rp_ipaddr":{"value":"203.0.113.7"}}}`,
			wwwauth.Reasons{{wwwauth.Location, []string{"203.0.113.7"}}},
			"a location policy applies to the network address 203.0.113.7 that the API sees"},
		{`{"access_token":{"xms_rp_ipaddr":{"essential":true,"value":"::ffff:203.0.113.7"}}}`,
			wwwauth.Reasons{{wwwauth.Location, []string{"203.0.113.7"}}},
			"a location policy applies to the network address 203.0.113.7 that the API sees"},
		{`{"access_token":{"xms_rp_ipaddr":{"value":"fe80::1%<b>"}}}`,
			wwwauth.Reasons{{wwwauth.Location, []string{"fe80::1"}}},
			"a location policy applies to the network address fe80::1 that the API sees"},
		{`{"access_token":{"xms_rp_ipaddr":{"value":"not an address"}}}`,
			wwwauth.Reasons{{Cause: wwwauth.Location}},
			"a location policy applies to the network address that the API sees"},
		{`{"access_token":{"acrs":{"essential":true,"value":"c1"}}}`,
			wwwauth.Reasons{{wwwauth.AuthContext, []string{"c1"}}},
			"sign-in must satisfy authentication context c1"},
		{`{"access_token":{"acrs":{"essential":true,"values":["c1","c25","c1"]}}}`,
			wwwauth.Reasons{{wwwauth.AuthContext, []string{"c1", "c25"}}},
			"sign-in must satisfy authentication context c1 or c25"},
		{`{"access_token":{"acrs":{"essential":true,"values":["p1"]}}}`,
			wwwauth.Reasons{{wwwauth.AuthContext, []string{"p1"}}},
			"sign-in must satisfy authentication context p1, which is multifactor authentication"},
		{`{"access_token":{"acrs":null}}`,
			wwwauth.Reasons{{Cause: wwwauth.AuthContext}},
			"sign-in must satisfy an authentication context"},
		{`{"access_token":{"acrs":{"values":["urn:microsoft:req1","<script>","a b","","c\u0000","` + strings.Repeat("x", 65) + `"]}}}`,
			wwwauth.Reasons{{wwwauth.AuthContext, []string{"urn:microsoft:req1"}}},
			"sign-in must satisfy authentication context urn:microsoft:req1"},
		{`{"access_token":{"acrs":{"values":["c1","c2","c3","c4","c5"]}}}`,
			wwwauth.Reasons{{wwwauth.AuthContext, []string{"c1", "c2", "c3", "c4"}}},
			"sign-in must satisfy authentication context c1 or c2 or c3 or c4"},
		{`{"access_token":{"capolids":{"essential":true,"values":["5c1c8e5a-0000-0000-0000-000000000000"]}}}`,
			wwwauth.Reasons{{wwwauth.Policy, []string{"5c1c8e5a-0000-0000-0000-000000000000"}}},
			"sign-in must satisfy a Conditional Access policy"},
		{`{"access_token":{"polids":{"essential":true,"values":["a"]},"capolids":{"values":["b"]}}}`,
			wwwauth.Reasons{{wwwauth.Policy, []string{"b", "a"}}},
			"sign-in must satisfy a Conditional Access policy"},
		{`{"access_token":{"nbf":{"essential":true,"value":"1"},"xms_caeerror":{"value":"10012"}}}`,
			wwwauth.Reasons{{wwwauth.CAEError, []string{"10012"}}},
			"continuous access evaluation failed with code 10012"},
		{`{"access_token":{"xms_caeerror":{"value":10012}}}`,
			wwwauth.Reasons{{wwwauth.CAEError, []string{"10012"}}},
			"continuous access evaluation failed with code 10012"},
		{`{"access_token":{"xms_caeerror":{}}}`,
			wwwauth.Reasons{{Cause: wwwauth.CAEError}},
			"continuous access evaluation failed"},
		{`{"access_token":{"nbf":{"value":"1"},"acrs":{"value":"c1"},"polids":{"values":["a"]}}}`,
			wwwauth.Reasons{{wwwauth.AuthContext, []string{"c1"}}, {wwwauth.Policy, []string{"a"}}},
			"sign-in must satisfy authentication context c1; sign-in must satisfy a Conditional Access policy"},
		{`{"access_token":{"foo":{"essential":true}}}`, wwwauth.Reasons{{Cause: wwwauth.Other}}, "the API asks for other claims"},
		{`{"access_token":{"nbf":{},"foo":{}}}`, wwwauth.Reasons{{Cause: wwwauth.Other}}, "the API asks for other claims"},
		{`{"id_token":{"acr":{"values":["x"]}}}`, wwwauth.Reasons{{Cause: wwwauth.Other}}, "the API asks for other claims"},
		{`{}`, wwwauth.Reasons{{Cause: wwwauth.Other}}, "the API asks for other claims"},
		{`null`, wwwauth.Reasons{{Cause: wwwauth.Other}}, "the API asks for other claims"},
		{`{"access_token":null}`, wwwauth.Reasons{{Cause: wwwauth.Other}}, "the API asks for other claims"},
		{`{"access_token":[]}`, wwwauth.Reasons{{Cause: wwwauth.Other}}, "the API asks for other claims"},
		{"rubbish\r\n", wwwauth.Reasons{{Cause: wwwauth.Other}}, "the API asks for other claims"},
		{`{"access_token":{"acrs":{"value":"c1"}},"x":` + sized(9000) + `}`, wwwauth.Reasons{{Cause: wwwauth.Other}}, "the API asks for other claims"},
	} {
		got := wwwauth.Explain(c.claims)
		assert.Equal(t, c.want, got, c.claims)
		assert.Equal(t, c.says, got.String(), c.claims)
	}
}

// The code in the description is more exact than the claims.
func TestWhy(t *testing.T) {
	const (
		nbf   = `{"access_token":{"nbf":{"essential":true,"value":"1"}}}`
		nbfIP = `{"access_token":{"nbf":{"essential":true,"value":"1"},"xms_rp_ipaddr":{"value":"203.0.113.7"}}}`
		graph = "Continuous access evaluation resulted in challenge with result: InteractionRequired and code: "
	)
	for _, c := range []struct {
		description, claims string
		want                wwwauth.Reasons
	}{
		{graph + "TokenIssuedBeforeRevocationTimestamp", nbf, wwwauth.Reasons{{Cause: wwwauth.Revoked}}},
		{graph + "TokenIssuedBeforeRevocationTimestamp", nbfIP, wwwauth.Reasons{{Cause: wwwauth.Revoked}}},
		{graph + "LocationConditionEvaluationSatisfied", nbf, wwwauth.Reasons{{Cause: wwwauth.Location}}},
		{graph + "LocationConditionEvaluationSatisfied.", nbfIP, wwwauth.Reasons{{wwwauth.Location, []string{"203.0.113.7"}}}},
		{graph + "TokenCreatedWithOutdatedPolicies", nbf, wwwauth.Reasons{{Cause: wwwauth.PolicyChanged}}},
		{graph + "TokenCreatedWithOutdatedPolicies", c1, wwwauth.Reasons{{Cause: wwwauth.PolicyChanged}, {wwwauth.AuthContext, []string{"c1"}}}},
		{graph + "SomethingNew, and more", nbf, wwwauth.Reasons{{wwwauth.CAEError, []string{"SomethingNew"}}}},
		{graph + "<b>", nbf, wwwauth.Reasons{{Cause: wwwauth.Revoked}}},
		{graph + strings.Repeat("x", 65), nbf, wwwauth.Reasons{{Cause: wwwauth.Revoked}}},
		{graph, nbf, wwwauth.Reasons{{Cause: wwwauth.Revoked}}},
		{"API failed with status code: 503", nbf, wwwauth.Reasons{{Cause: wwwauth.Revoked}}},
		{"anything", nbf, wwwauth.Reasons{{Cause: wwwauth.Revoked}}},
		// the claims are unusable, the code is not
		{graph + "LocationConditionEvaluationSatisfied", "null", wwwauth.Reasons{{Cause: wwwauth.Location}}},
		{graph + "LocationConditionEvaluationSatisfied", "", wwwauth.Reasons{{Cause: wwwauth.Location}}},
		{"", "null", wwwauth.Reasons{{Cause: wwwauth.Other}}},
	} {
		for _, name := range []string{"error_description", "errorDescription"} {
			challenge := wwwauth.Challenge{Scheme: "Bearer", Params: map[string]string{
				"error": "insufficient_claims", name: c.description, "claims": c.claims}}
			assert.Equal(t, c.want, wwwauth.Why(unauthorized(challenge.String())), "%s: %s, %s", name, c.description, c.claims)
		}
	}
	plain := unauthorized(`Bearer error="invalid_token", error_description="and code: TokenIssuedBeforeRevocationTimestamp"`)
	assert.Nil(t, wwwauth.Why(plain), "no claims challenge")
	twice := unauthorized(`Bearer error="insufficient_claims", error_description="and code: A", errorDescription="and code: B"`)
	assert.Equal(t, wwwauth.Reasons{{wwwauth.CAEError, []string{"A"}}}, wwwauth.Why(twice), "the first stands")
	assert.Equal(t, wwwauth.Reasons{{Cause: wwwauth.Revoked}}, wwwauth.Why(graphResponse()), "Graph's header")
}

// Why is about the challenge whose claims Claims returns.
func TestWhyOfTheRightChallenge(t *testing.T) {
	resp := unauthorized(
		`Bearer error="insufficient_claims", claims="bnVsbA==", error_description="and code: TokenCreatedWithOutdatedPolicies"`,
		`Bearer error="insufficient_claims", claims="`+c1Base64+`"`)
	assert.Equal(t, wwwauth.Reasons{{wwwauth.AuthContext, []string{"c1"}}}, wwwauth.Why(resp))
}
