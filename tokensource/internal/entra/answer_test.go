package entra

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	msalerrors "github.com/AzureAD/microsoft-authentication-library-for-go/apps/errors"
	"github.com/msalcae/msalcae"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// answerOf is MSAL's error for an answer.
func answerOf(status int, body string, header http.Header) error {
	req, _ := http.NewRequest(http.MethodPost, testAuthority+"/token", strings.NewReader("client_secret=the-client-secret"))
	resp := &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader(body)), Request: req}
	return fmt.Errorf("could not retrieve token: %w", msalerrors.CallErr{Req: req, Resp: resp, Err: errors.New("http call: " + body)})
}

func TestAnswered(t *testing.T) {
	read := func(err error) *msalcae.Error {
		t.Helper()
		var e *msalcae.Error
		require.ErrorAs(t, Typed(context.Background(), err), &e)
		return e
	}
	e := read(answerOf(400, `{"error":"invalid_grant","suberror":"bad_token","error_description":"AADSTS50173: x","error_codes":[50173,"50174"],"correlation_id":"99999999-0000-4000-8000-000000000009","claims":"{\"access_token\":{}}"}`, nil))
	assert.Equal(t, &msalcae.Error{Status: 400, Code: "invalid_grant", Suberror: "bad_token", AADSTS: []int{50173, 50174},
		CorrelationID: "99999999-0000-4000-8000-000000000009", Claims: `{"access_token":{}}`}, e)

	// Members of other types, or that would plant text in ours, spoil nothing.
	e = read(answerOf(400, `{"error":"invalid_grant","suberror":["x"],"error_description":"AADSTS700082: x","error_codes":"none","claims":{"a":1},"correlation_id":"<script>"}`, nil))
	assert.Equal(t, &msalcae.Error{Status: 400, Code: "invalid_grant", AADSTS: []int{700082}}, e)
	for _, claims := range []string{"null", "[]", "x", `{"a":"` + strings.Repeat("x", maxClaims) + `"}`} {
		assert.Empty(t, read(answerOf(400, fmt.Sprintf(`{"error":"invalid_grant","claims":%q}`, claims), nil)).Claims)
	}
	for _, code := range []string{"a b", "a\nb", strings.Repeat("x", 65), "é"} {
		assert.Empty(t, read(answerOf(400, fmt.Sprintf(`{"error":%q}`, code), nil)).Code)
	}
	for _, body := range []string{"", "null", "[]", "{}", "\xff", "<html>"} {
		e := read(answerOf(502, body, nil))
		assert.EqualError(t, e, "msalcae: login.contoso.test answered HTTP 502 Bad Gateway")
	}
	assert.EqualError(t, read(msalerrors.CallErr{Err: io.EOF}), "msalcae: Entra answered HTTP 0")
	assert.EqualError(t, read(answerOf(401, `{"error":"invalid_client","error_codes":[7000215]}`, nil)),
		"msalcae: Entra answered invalid_client (AADSTS7000215): misconfigured: check the client's secret, certificate or assertion")

	for _, code := range []string{"invalid_grant", "interaction_required", "login_required", "consent_required"} {
		assert.ErrorIs(t, read(answerOf(400, `{"error":"`+code+`"}`, nil)), msalcae.ErrInteractionRequired)
	}
	for _, code := range []string{"invalid_client", "unauthorized_client", "invalid_scope", "temporarily_unavailable", "server_error", "access_denied", "slow_down"} {
		assert.NotErrorIs(t, read(answerOf(400, `{"error":"`+code+`"}`, nil)), msalcae.ErrInteractionRequired)
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for in, want := range map[string]time.Duration{
		"":                              0,
		"0":                             0,
		"7":                             7 * time.Second,
		" 7 ":                           7 * time.Second,
		"-1":                            0,
		"7.5":                           0,
		"soon":                          0,
		"999999":                        time.Hour,
		"99999999999999999999":          0,
		"Fri, 02 Jan 2026 03:05:05 GMT": time.Minute,
		"Fri, 02 Jan 2026 03:04:00 GMT": 0,
		"Sat, 03 Jan 2026 03:05:05 GMT": time.Hour,
	} {
		assert.Equal(t, want, retryAfter(http.Header{"Retry-After": {in}}, now), in)
	}
}
