package tokensource

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"
	"github.com/msalcae/msalcae"
	"github.com/msalcae/msalcae/tokensource/internal/engine"
	"github.com/msalcae/msalcae/tokensource/internal/entra"
)

// ErrCodeExpired is wrapped, beside context.DeadlineExceeded, by the error of a
// DeviceCode whose code nobody entered while it was good.
var ErrCodeExpired = engine.ErrCodeExpired

// A DeviceCode is a [Prompt] that signs people in on another device: it writes
// an address and a code, and waits until somebody has entered the code there
// (RFC 8628). It is for programs without a browser, such as over SSH. The zero
// DeviceCode is ready to use.
//
// Whoever enters the code signs in for this program: tell people to enter none
// that they have not asked for. Some tenants forbid it by policy.
//
// It drives MSAL, which sends the claims with both of its requests and caches
// the tokens, and mends what MSAL does not do: the interval that Entra sets is
// kept, and slow_down, except that a client which the caller built is not seen
// to be told so; an Entra or a network that fails is asked again as long as the
// code is good; and expiry, refusal and the end of the context are told apart.
type DeviceCode struct {
	// Out is where the address and the code are written, in one Write. An
	// error of it ends the sign-in. nil: os.Stderr.
	Out io.Writer
}

// defaultInterval is for an answer that names none (RFC 8628 section 3.2), and
// maxInterval for one that would have nobody ever signed in.
const (
	defaultInterval = 5 * time.Second
	maxInterval     = time.Minute
)

// SignIn implements Prompt. It ends with ctx, or when the code has expired.
func (d *DeviceCode) SignIn(ctx context.Context, req PromptRequest) (public.AuthResult, error) {
	call := patiently[public.DeviceCode]
	if req.wrapped() {
		call = once
	}
	code, err := call(ctx, func() (public.DeviceCode, error) {
		return req.Client.AcquireTokenByDeviceCode(ctx, slices.Clone(req.Scopes), public.WithClaims(req.Claims), public.WithTenantID(req.Tenant))
	})
	switch {
	case err != nil:
		return public.AuthResult{}, err
	case code.Result.UserCode == "" || code.Result.VerificationURL == "":
		return public.AuthResult{}, &msalcae.Error{Err: errors.New("Entra handed out no code to enter")}
	}
	if err := d.write(code.Result, req); err != nil {
		return public.AuthResult{}, err
	}
	res, err := await(ctx, code)
	if err == nil && req.check != nil {
		err = req.check(res)
	}
	return res, err
}

// write tells the person what to do, and why.
func (d *DeviceCode) write(code public.DeviceCodeResult, req PromptRequest) error {
	out := io.Writer(os.Stderr)
	if d != nil && d.Out != nil {
		out = d.Out
	}
	var text strings.Builder
	if req.Reason != "" {
		fmt.Fprintf(&text, "You have to sign in again: %s.\n", printable(req.Reason))
	}
	message := printable(code.Message)
	if !strings.Contains(message, code.UserCode) || !strings.Contains(message, code.VerificationURL) {
		message = printable(fmt.Sprintf("To sign in, use a web browser to open the page %s and enter the code %s to authenticate.", code.VerificationURL, code.UserCode))
	}
	text.WriteString(message + "\n")
	if req.LoginHint != "" {
		fmt.Fprintf(&text, "Sign in as %s.\n", printable(req.LoginHint))
	}
	_, err := entra.Guard("DeviceCode.Out", func() (int, error) { return io.WriteString(out, text.String()) })
	if err != nil {
		return &msalcae.Error{Err: fmt.Errorf("the code to enter could not be shown: %w", entra.Clean(err))}
	}
	return nil
}

// printable leaves out what would steer a terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x20 || r >= 0x7f && r < 0xa0 {
			return -1
		}
		return r
	}, s)
}

// await polls until somebody has answered, for as long as the code is good.
// MSAL gives up at the first error that is not "not yet"; what it was given for
// the code can be asked again.
func await(ctx context.Context, code public.DeviceCode) (public.AuthResult, error) {
	interval := min(time.Duration(code.Result.Interval)*time.Second, maxInterval)
	if interval <= 0 {
		interval = defaultInterval
	}
	pace := entra.NewPace(interval)
	for {
		res, err := entra.Guard(entra.InMSAL, func() (public.AuthResult, error) { return code.AuthenticationResult(pace.With(ctx)) })
		switch {
		case err == nil:
			return res, nil
		case ctx.Err() != nil:
			return public.AuthResult{}, ctx.Err()
		case errors.Is(err, context.DeadlineExceeded) && !time.Now().Before(code.Result.ExpiresOn):
			return public.AuthResult{}, entra.ErrCodeHasExpired
		}
		err = entra.Typed(ctx, err)
		rest, again := entra.Passing(err)
		if !again {
			return public.AuthResult{}, err
		}
		pace.Slower(rest)
	}
}
