package entratest_test

import (
	"fmt"
	"testing"

	"github.com/msalcae/msalcae/entratest"
	"github.com/stretchr/testify/assert"
)

// entraErrors are the codes that Microsoft documents or that were seen in
// public, with what they come with: by error, and suberror if there is one.
var entraErrors = map[string][]int{
	"invalid_grant bad_token":                    {50034, 50173, 700082},
	"invalid_grant token_expired":                {70043},
	"invalid_grant user_password_expired":        {50055},
	"invalid_grant basic_action":                 {50076},
	"invalid_grant additional_action":            {53000, 53001, 53002},
	"invalid_grant message_only":                 {53003, 53004, 53011, 50131, 530032, 530035},
	"invalid_grant consent_required":             {65001},
	"invalid_grant protection_policy_required":   {53005},
	"invalid_grant device_authentication_failed": {50155},
	"interaction_required basic_action":          {50072, 50074, 50078, 50135, 50158},
	"interaction_required":                       {50079, 50097, 700020},
	"invalid_grant": {50013, 50053, 50057, 50089, 50105, 50126, 50132, 50133, 50196, 54005, 70000, 70008, 90120, 240002, 500133,
		501481, 700005, 700084, 7000114, 9002313, 9002341},
	"invalid_client": {50012, 50027, 70002, 70023, 700021, 700024, 700025, 700027, 700030, 700229, 7000215, 7000218, 7000222,
		7005003, 7005004, 7005005, 7005006},
	"unauthorized_client":     {70001, 700016, 7000112},
	"invalid_scope":           {28002, 28003, 70011, 700022, 700023},
	"invalid_resource":        {500011},
	"invalid_instance":        {50049},
	"invalid_tenant":          {90002},
	"unsupported_grant_type":  {70003},
	"invalid_request":         {50011, 50050, 50147, 90004, 90014, 90023, 90100, 90119, 100007, 501491, 900144, 900561, 901002, 9001023},
	"temporarily_unavailable": {50033, 50087, 90006, 90012, 90024, 90033, 90055, 90090},
	"authorization_pending":   {70016},
	"bad_verification_code":   {70018},
	"expired_token":           {70019},
	"access_denied":           {65004},
	"login_required":          {50058},
}

// Every code can be had by a fault, in the shape that all errors have.
func TestEveryCode(t *testing.T) {
	s := newServer(t)
	statuses := map[string]int{"invalid_client": 401, "temporarily_unavailable": 503}
	for what, codes := range entraErrors {
		for _, code := range codes {
			s.FailToken(1, entratest.Fault{AADSTS: code, Claims: `{"access_token":{"capolids":{"essential":true,"values":["x"]}}}`})
			got := post(t, s, with(daemon(s, cp1), "client-request-id", "aaaaaaaa-1111-4000-8000-000000000009"))
			status, ok := statuses[got.text("error")]
			if !ok {
				status = 400
			}
			name := fmt.Sprint(code)
			assert.Equal(t, status, got.status, name)
			said := got.text("error")
			if got.text("suberror") != "" {
				said += " " + got.text("suberror")
			}
			assert.Equal(t, what, said, name)
			assert.Equal(t, code, got.code(), name)
			assert.Equal(t, "aaaaaaaa-1111-4000-8000-000000000009", got.text("correlation_id"), name)
			assert.Equal(t, got.header.Get("x-ms-request-id"), got.text("trace_id"), name)
			assert.Regexp(t, fmt.Sprintf(`^AADSTS%d: .+\r\nTrace ID: %s\r\nCorrelation ID: %s\r\nTimestamp: %s$`,
				code, got.text("trace_id"), got.text("correlation_id"), got.text("timestamp")), got.text("error_description"))
			assert.NotContains(t, got.text("error_description"), "%!", name)
			assert.JSONEq(t, `{"access_token":{"capolids":{"essential":true,"values":["x"]}}}`, got.text("claims"), name)
			assert.Contains(t, got.text("error_uri"), "/error?code="+name)
			assert.Equal(t, fmt.Sprintf("1,%d,0,,", code), got.header.Get("x-ms-clitelem"))
		}
	}
	assert.Equal(t, 901002, post(t, s, with(daemon(s, cp1), "resource", s.API())).code())
}
