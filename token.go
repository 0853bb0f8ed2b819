package msalcae

import (
	"context"
	"fmt"
	"log/slog"
	"time"
)

// A TokenSource gives access tokens for one resource and one identity.
// Package tokensource has sources over MSAL.
//
// Token is called for every request that Transport sends, by many goroutines
// at once, and must honour ctx. It returns a token or an error, never neither.
// A request with Claims asks for a token that was obtained with them and is
// not Rejected; see [TokenRequest].
//
// A source may have more methods that Transport looks for:
//
//   - Hosts() []string names the hosts that its tokens are for, in the form of
//     Transport.Hosts. It must return the same list every time.
//   - Refused(token, claims string) is told of a token that an API refused
//     without Transport asking for another: by a plain 401 without a claims
//     challenge (claims ""), or by a claims challenge to a request that was
//     already being replayed. It must return at once.
//   - Err() error says why the source can never give a token, such as that it
//     was made without scopes; nil if it can. It explains why there are no
//     hosts.
type TokenSource interface {
	// Token returns a token as req wants it, or an error.
	Token(ctx context.Context, req TokenRequest) (*Token, error)
}

// A TokenRequest says which token is wanted. The zero value asks for any valid
// token. Its formatting, JSON and log forms leave out the rejected token.
type TokenRequest struct {
	// Claims is a decoded claims challenge: one JSON object, as
	// wwwauth.Claims returns it. The token must have been obtained with
	// claims of the same meaning. "" asks for any valid token.
	Claims string
	// Rejected is the value of the token that drew the challenge. It is not
	// returned again. "" if no token was sent.
	Rejected string
	// MinTTL is the least remaining life of the token. A source that cannot
	// obtain such a token returns the one that lives longest. Zero or less:
	// the source's own margin.
	MinTTL time.Duration
	// NoPrompt forbids asking a person. A source that would have to fails
	// with ErrInteractionRequired instead.
	NoPrompt bool
	// Trace receives what the source does for this request; nil: nothing.
	Trace *Trace
}

// A Token is an access token. It is shared by all callers and never changed
// once a source has returned it. Its formatting, JSON and log forms leave out
// the value.
type Token struct {
	// Value is the token as it is sent after "Bearer ". Never empty.
	Value string
	// ExpiresOn is when the token ends, by the wall clock.
	ExpiresOn time.Time
	// RefreshOn is when a new token should be sought in the background. Zero:
	// the source decides.
	RefreshOn time.Time
}

// String describes the token without its value.
func (t Token) String() string {
	return fmt.Sprintf("Token{Value: %s, ExpiresOn: %s}", redacted(t.Value), t.ExpiresOn.Format(time.RFC3339))
}

// Format implements fmt.Formatter: no verb prints the value.
func (t Token) Format(s fmt.State, _ rune) { fmt.Fprint(s, t.String()) }

// LogValue implements slog.LogValuer without the value.
func (t Token) LogValue() slog.Value {
	return slog.GroupValue(slog.String("value", redacted(t.Value)), slog.Time("expires_on", t.ExpiresOn))
}

// MarshalText keeps the value out of JSON and other encodings.
func (t Token) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// String describes the request without the rejected token.
func (r TokenRequest) String() string {
	return fmt.Sprintf("TokenRequest{Claims: %q, Rejected: %s, MinTTL: %s, NoPrompt: %t}",
		r.Claims, redacted(r.Rejected), r.MinTTL, r.NoPrompt)
}

// Format implements fmt.Formatter: no verb prints the rejected token.
func (r TokenRequest) Format(s fmt.State, _ rune) { fmt.Fprint(s, r.String()) }

// LogValue implements slog.LogValuer without the rejected token.
func (r TokenRequest) LogValue() slog.Value {
	return slog.GroupValue(slog.String("claims", r.Claims), slog.String("rejected", redacted(r.Rejected)),
		slog.Duration("min_ttl", r.MinTTL), slog.Bool("no_prompt", r.NoPrompt))
}

// MarshalText keeps the rejected token out of JSON and other encodings.
func (r TokenRequest) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

func redacted(secret string) string {
	if secret == "" {
		return `""`
	}
	return "REDACTED"
}
