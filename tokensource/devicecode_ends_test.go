package tokensource_test

import (
	"context"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"
	"github.com/msalcae/msalcae"
	"github.com/msalcae/msalcae/entratest"
	"github.com/msalcae/msalcae/tokensource"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// However it ends without a sign-in, the error says how, and holds no secret.
func TestDeviceCodeEnds(t *testing.T) {
	for name, c := range map[string]struct {
		set   func(e entra, out *terminal)
		limit time.Duration // of the context
		is    []error
		not   []error
		says  string
		code  string
		took  time.Duration
	}{
		"declined": {
			set: func(e entra, out *terminal) {
				out.act = func(page, code string) error {
					b := e.NewBrowser(e.Username())
					b.Decline = true
					return b.EnterCode(page, code)
				}
			},
			is: []error{tokensource.ErrDeclined}, not: []error{msalcae.ErrInteractionRequired, context.DeadlineExceeded},
			says: "declined", code: "authorization_declined", took: 5 * time.Second,
		},
		"expired": {
			set: func(e entra, _ *terminal) {
				e.SetDeviceCodes(entratest.DeviceCodes{Lifetime: time.Minute, Interval: 7 * time.Second})
			},
			is: []error{tokensource.ErrCodeExpired, context.DeadlineExceeded}, not: []error{tokensource.ErrDeclined},
			says: "nobody entered the code before it expired; start the sign-in again", took: time.Minute,
		},
		"expired, says Entra": {
			set:  func(e entra, _ *terminal) { e.FailToken(1, entratest.Fault{AADSTS: 70019}) },
			is:   []error{tokensource.ErrCodeExpired, context.DeadlineExceeded},
			says: "nobody entered the code", code: "expired_token", took: 5 * time.Second,
		},
		"given up": {
			set:   func(entra, *terminal) {},
			limit: 12 * time.Second,
			is:    []error{context.DeadlineExceeded}, not: []error{tokensource.ErrCodeExpired},
			says: "nobody finished the sign-in in time", took: 12 * time.Second,
		},
		"limit": {
			set: func(entra, *terminal) {},
			is:  []error{context.DeadlineExceeded}, not: []error{tokensource.ErrCodeExpired},
			says: "nobody finished the sign-in in time", took: 5 * time.Minute,
		},
		"a revoked sign-in": {
			set: func(e entra, out *terminal) {
				out.act = func(page, code string) error {
					defer e.Revoke(e.Username())
					return e.EnterCode(page, code)
				}
			},
			is: []error{msalcae.ErrInteractionRequired}, says: "AADSTS70008", code: "invalid_grant", took: 5 * time.Second,
		},
		"no such application": {
			set: func(e entra, _ *terminal) { e.Fail(entratest.DeviceEndpoint, -1, entratest.Fault{AADSTS: 700016}) },
			is:  []error{msalcae.ErrMisconfigured}, says: "check the client id", code: "unauthorized_client",
		},
		"no code": {
			set: func(e entra, _ *terminal) {
				e.Fail(entratest.DeviceEndpoint, -1, entratest.Fault{Body: `{"device_code":"secret","expires_in":900}`})
			},
			says: "no code to enter",
		},
		"no lifetime": {
			set: func(e entra, _ *terminal) {
				e.Fail(entratest.DeviceEndpoint, -1, entratest.Fault{Body: `{"device_code":"secret","user_code":"ABC","verification_uri":"https://x.test"}`})
			},
			is: []error{tokensource.ErrCodeExpired}, says: "before it expired",
		},
		"not JSON": {
			set: func(e entra, _ *terminal) {
				e.Fail(entratest.DeviceEndpoint, -1, entratest.Fault{Body: `<html>secret`})
			},
			says: "could not be read",
		},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, e entra) {
				secrets := newSpy(e.Client().Transport)
				e.transport = secrets
				out := newTerminal(t, nil, 0)
				c.set(e, out)
				ctx := t.Context()
				if c.limit > 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, c.limit)
					defer cancel()
				}
				start := time.Now()
				_, err := e.public(&tokensource.DeviceCode{Out: out}).SignIn(ctx, e.Scope())
				require.ErrorContains(t, err, c.says)
				for _, is := range c.is {
					assert.ErrorIs(t, err, is)
				}
				for _, not := range c.not {
					assert.NotErrorIs(t, err, not)
				}
				var answer *msalcae.Error
				if c.code != "" && assert.ErrorAs(t, err, &answer) {
					assert.Equal(t, c.code, answer.Code)
				}
				assert.Equal(t, c.took, time.Since(start).Round(time.Second))
				assertNoSecret(t, err, secrets.known())
			})
		})
	}
}

// Nobody else is let in for the one who was challenged.
func TestDeviceCodeAccountMismatch(t *testing.T) {
	inBubble(t, func(t *testing.T, e entra) {
		out := newTerminal(t, e.EnterCode, 0)
		p := e.public(&tokensource.DeviceCode{Out: out})
		api := e.api(p.Account(public.Account{}, e.Scope()))
		require.Equal(t, 200, e.get(api, "/me"))
		e.Revoke(e.Username())
		out.act = func(page, code string) error { return e.NewBrowser(grace).EnterCode(page, code) }
		_, err := api.Get(e.API() + "/me")
		require.ErrorIs(t, err, msalcae.ErrAccountMismatch)
		all, err := p.Accounts(t.Context())
		require.NoError(t, err)
		require.Len(t, all, 1)
		assert.Equal(t, e.Username(), all[0].PreferredUsername)
	})
}

// A terminal is not steered by what Entra, or who plays it, sends; and one that
// cannot be written to is no place for a code.
func TestDeviceCodeOut(t *testing.T) {
	inBubble(t, func(t *testing.T, e entra) {
		e.Fail(entratest.DeviceEndpoint, 1, entratest.Fault{Body: `{"device_code":"x","user_code":"AB\u001b[2J\u009b1mCD","verification_uri":"https://x.test/\r\n","message":"\u001b]0;owned\u0007","expires_in":1}`})
		out := newTerminal(t, nil, 0)
		_, err := e.public(&tokensource.DeviceCode{Out: out}).SignIn(t.Context(), e.Scope())
		require.ErrorIs(t, err, tokensource.ErrCodeExpired)
		assert.Equal(t, "To sign in, use a web browser to open the page https://x.test/ and enter the code AB[2J1mCD to authenticate.\n", out.String())

		full := errors.New("disk full")
		for name, w := range map[string]io.Writer{"error": failingWriter{full}, "panic": failingWriter{nil}} {
			_, err = e.public(&tokensource.DeviceCode{Out: w}).SignIn(t.Context(), e.Scope())
			require.Error(t, err)
			assert.Equal(t, name == "error", errors.Is(err, full))
			assertNoSecret(t, err, nil)
		}
		assert.Empty(t, e.Requests(entratest.TokenEndpoint))
	})
}

type failingWriter struct{ err error }

func (w failingWriter) Write(p []byte) (int, error) {
	if w.err == nil {
		panic("a-secret")
	}
	return 0, w.err
}
