package tokensource

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"
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
		require.ErrorAs(t, typed(context.Background(), err), &e)
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

// An error that came with status 200 and an expiry reaches us as text.
func TestErrorInText(t *testing.T) {
	s := &scriptedEntra{answer: func(int, url.Values) (int, string) {
		return 200, `{"error":"invalid_grant","error_description":"AADSTS50173: a-secret-in-it","expires_in":3600}`
	}}
	_, err := appOver(t, s).Token(context.Background(), msalcae.TokenRequest{})
	require.ErrorIs(t, err, msalcae.ErrInteractionRequired)
	assert.EqualError(t, err, "msalcae: Entra answered invalid_grant (AADSTS50173): a person must sign in")
}

// What a callback of the program's own says is passed on, as far as it holds
// nothing that looks like a secret.
func TestCallbackErrors(t *testing.T) {
	fail := func(err error) error {
		cred := confidential.NewCredFromAssertionCallback(func(context.Context, confidential.AssertionRequestOptions) (string, error) { return "", err })
		c, cerr := NewConfidential(ConfidentialConfig{Authority: testAuthority, ClientID: "id", Credential: cred, HTTPClient: &http.Client{Transport: &scriptedEntra{}}})
		require.NoError(t, cerr)
		_, err = c.App("api://x/.default").Token(context.Background(), msalcae.TokenRequest{})
		return err
	}
	_, missing := os.ReadFile("/no/such/directory/for/the/federated/token/azure-identity-token")
	err := fail(missing)
	require.ErrorIs(t, err, fs.ErrNotExist)
	assert.ErrorContains(t, err, "/azure-identity-token")

	jwt := "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0." + strings.Repeat("c2ln", 20)
	err = fail(fmt.Errorf("cannot\nuse %s: %w", jwt, io.EOF))
	assert.EqualError(t, err, "msalcae: MSAL failed: cannot use REDACTED: EOF")
	assert.NotErrorIs(t, err, io.EOF, "the chain could print it")

	err = fail(answerOf(400, `{"error":"invalid_request"}`, nil)) // another MSAL client inside
	assert.False(t, errors.As(err, new(msalerrors.CallErr)))
}

func TestConfigKeepsItsSecret(t *testing.T) {
	cred, err := confidential.NewCredFromSecret("the-client-secret")
	require.NoError(t, err)
	cfg := ConfidentialConfig{Authority: testAuthority, ClientID: "id", Credential: cred}
	c, err := NewConfidential(cfg)
	require.NoError(t, err)
	for _, v := range []any{cfg, &cfg, c, *c} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
			assert.NotContains(t, fmt.Sprintf(verb, v), "the-client-secret")
		}
	}
}

// The prefix of a joined error stands once.
func TestErrorTexts(t *testing.T) {
	ctx := context.Background()
	for _, err := range []error{
		errNobody, errSeveral, errNoRefreshToken, errSignedOut, errNoHome, errNoPrompt,
		notOpened(openSystemBrowser("http://localhost:1", func() bool { return true })),
		notSignedIn(ctx, fmt.Errorf("%w: %w", ErrDeclined, answerOf(400, `{"error":"server_error"}`, nil))),
		notSignedIn(ctx, ErrDeclined),
		refused(url.Values{"error": {"access_denied"}}),
		typed(ctx, &url.Error{Op: "Post", URL: testAuthority, Err: fmt.Errorf("%w: x", msalcae.ErrMisconfigured)}),
	} {
		if err != nil {
			assert.Equal(t, 1, strings.Count(err.Error(), "msalcae: "), err)
			assert.NotContains(t, err.Error(), "\n")
		}
	}
}
