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

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"
	msalerrors "github.com/AzureAD/microsoft-authentication-library-for-go/apps/errors"
	"github.com/msalcae/msalcae"
	"github.com/msalcae/msalcae/tokensource/internal/entra"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// answerOf is MSAL's error for an answer.
func answerOf(status int, body string, header http.Header) error {
	req, _ := http.NewRequest(http.MethodPost, testAuthority+"/token", strings.NewReader("client_secret=the-client-secret"))
	resp := &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader(body)), Request: req}
	return fmt.Errorf("could not retrieve token: %w", msalerrors.CallErr{Req: req, Resp: resp, Err: errors.New("http call: " + body)})
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
	_, refusal := entra.CodeOf(url.Values{"error": {"access_denied"}})
	for _, err := range []error{
		errNobody, errSeveral, entra.ErrNoRefreshToken, errSignedOut, errNoHome, errNoPrompt,
		notOpened(openBrowser("http://localhost:1", func() bool { return true })),
		notSignedIn(ctx, fmt.Errorf("%w: %w", ErrDeclined, answerOf(400, `{"error":"server_error"}`, nil))),
		notSignedIn(ctx, ErrDeclined),
		refusal,
		entra.Typed(ctx, &url.Error{Op: "Post", URL: testAuthority, Err: fmt.Errorf("%w: x", msalcae.ErrMisconfigured)}),
	} {
		if err != nil {
			assert.Equal(t, 1, strings.Count(err.Error(), "msalcae: "), err)
			assert.NotContains(t, err.Error(), "\n")
		}
	}
}
