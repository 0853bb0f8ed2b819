package tokensource

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"
	"github.com/msalcae/msalcae"
	"github.com/msalcae/msalcae/tokensource/internal/engine"
	"github.com/msalcae/msalcae/tokensource/internal/entra"
	"github.com/msalcae/msalcae/tokensource/internal/jwt"
	"github.com/msalcae/msalcae/tokensource/internal/registry"
)

// ErrAssertionExpired is wrapped by the error of a source of OnBehalfOf whose
// assertion has expired. An API that gets it answers its own caller with a
// plain 401, so that the caller comes again with a newer token. The error is
// msalcae.ErrInteractionRequired too: only the caller can help.
var ErrAssertionExpired = errors.New("msalcae: the assertion has expired")

const (
	// maxAssertions bounds the assertions that are remembered, unless
	// ConfidentialConfig says otherwise.
	maxAssertions = 10_000
	// maxAssertionBytes is more than any HTTP server lets a header have.
	maxAssertionBytes = 1 << 20
	// assertionLife is how long an assertion is remembered that does not say
	// when it expires: as long as an ordinary access token lives. No assertion
	// is remembered for longer than Entra's longest-lived tokens last.
	assertionLife = time.Hour
)

// A delegateKey's scopes are canonical.
type delegateKey struct {
	assertion      engine.Fingerprint
	tenant, scopes string
}

func (k delegateKey) hash() uint64 { return registry.HashBytes(k.assertion[:]) ^ uint64(len(k.scopes)) }

// OnBehalfOf returns the source of the tokens with which this application, an
// API, calls another one as the person who called it (the on-behalf-of flow,
// https://learn.microsoft.com/entra/identity-platform/v2-oauth2-on-behalf-of-flow).
// assertion is the access token of the request that this API is answering,
// without "Bearer ". Check it first: whoever presents it acts as its user.
//
// Call it for every request. Equal arguments give the same [Source], found by
// the assertion's hash, until the assertion expires; ConfidentialConfig's
// MaxAssertions bounds how many are remembered. A Source that is still in use
// then goes on working, by its refresh token. Nothing of it is stored outside
// the process, and what MSAL remembers of an assertion goes with the Source. A
// wrapped client forgets nothing, as MSAL 1.10.1 does, and if it has an external
// cache that must be below an [Accessor], or it fails from the second time on.
//
// When the other API asks for claims that Entra grants no longer, the error is
// msalcae.ErrInteractionRequired, and a *msalcae.Error in it has the claims to
// relay to this API's caller, with a 401 of its own; where Entra gave none, the
// ChallengeError's. An assertion that has expired is ErrAssertionExpired; one
// that cannot be a token, and scopes that are none, msalcae.ErrMisconfigured.
func (c *Confidential) OnBehalfOf(assertion string, scopes ...string) *Source {
	form, err := formOf(scopes)
	if err != nil {
		return failing(err)
	}
	key := delegateKey{engine.FingerprintOf(assertion), c.tenant, form.key}
	if s, ok := c.delegates.Get(key); ok {
		return s
	}
	return c.delegate(key, assertion, form.canonical)
}

func (c *Confidential) delegate(key delegateKey, assertion string, scopes []string) *Source {
	if err := cmp.Or(c.err, checkAssertion(assertion)); err != nil {
		return failing(err)
	}
	d := &delegate{app: c, assertion: assertion, scopes: scopes}
	if c.personal != nil {
		d.build = sync.OnceValues(func() (confidential.Client, error) { return c.personal() })
	}
	d.claims, _ = jwt.Read(assertion)
	s := newSource(entra.ScopeHosts(c.authority, scopes), engine.Flow{Acquire: d.acquire, Voids: c.voids, Clock: &c.clock})
	if d.claims.Expired() {
		return s
	}
	return c.delegates.Add(key, s, d.until(time.Now()))
}

// checkAssertion refuses what cannot be a bearer token (RFC 6750 section 2.1).
func checkAssertion(assertion string) error {
	const more = "pass the access token of the request being answered, without Bearer before it"
	switch {
	case assertion == "":
		return fmt.Errorf("%w: the assertion is empty; %s", msalcae.ErrMisconfigured, more)
	case len(assertion) > maxAssertionBytes,
		strings.Trim(assertion, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~+/=") != "":
		return fmt.Errorf("%w: the assertion is not a token; %s", msalcae.ErrMisconfigured, more)
	}
	return nil
}

// A delegate is the flow of one assertion with one set of scopes.
type delegate struct {
	app       *Confidential
	assertion string
	claims    jwt.Claims // of the assertion; zero: it cannot be read
	scopes    []string
	build     func() (confidential.Client, error) // its own MSAL client, once; nil: the wrapped one
	// redeemed says that the assertion was exchanged, so that MSAL may have a
	// refresh token for it that is good for longer.
	redeemed atomic.Bool
}

// until is when the assertion is forgotten.
func (d *delegate) until(now time.Time) time.Time {
	latest := now.Add(engine.VoidLife)
	switch ends := d.claims.Ends(); {
	case ends.IsZero():
		return now.Add(assertionLife)
	case ends.Add(jwt.Skew).Before(latest):
		return ends.Add(jwt.Skew)
	}
	return latest
}

func (d *delegate) acquire(ctx context.Context, req msalcae.TokenRequest) (*msalcae.Token, error) {
	if !d.redeemed.Load() && d.claims.Expired() {
		return nil, outdated(msalcae.ErrInteractionRequired)
	}
	client, err := d.client()
	if err != nil {
		return nil, err
	}
	tok, err := tokenOf(ctx, func() (*msalcae.Token, error) {
		return tokenFrom(client.AcquireTokenOnBehalfOf(ctx, d.assertion, d.scopes,
			confidential.WithClaims(req.Claims), confidential.WithTenantID(d.app.tenant)))
	})
	if err != nil {
		return nil, d.explain(err)
	}
	d.redeemed.Store(true)
	if err := d.app.checkCapability(ctx, d.scopes); err != nil {
		return nil, err
	}
	return tok, nil
}

func (d *delegate) client() (confidential.Client, error) {
	if d.build == nil {
		return d.app.client, nil
	}
	return d.build()
}

// explain says of Entra's refusal where the assertion is what is wrong. MSAL
// tries the refresh token before it; the refusal is that of the assertion.
func (d *delegate) explain(err error) error {
	var answer *msalcae.Error
	if !errors.As(err, &answer) {
		return err
	}
	outside := answer.Code == "invalid_grant" && answer.Suberror == "" && d.claims.Expired()
	if outside || slices.Contains(answer.AADSTS, assertionOutsideLifetime) {
		return outdated(err)
	}
	return err
}

// assertionOutsideLifetime is AADSTS500133. An assertion may also be in a form
// that does not tell us when it ends.
const assertionOutsideLifetime = 500133

func outdated(cause error) error {
	return entra.OfKinds("the assertion has expired; answer this API's caller with 401, so that it comes again with a newer token", ErrAssertionExpired, cause)
}
