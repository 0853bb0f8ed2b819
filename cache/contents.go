package cache

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Contents are what a Partition keeps besides what MSAL does. Keys are the
// caller's, of one line each.
type Contents struct {
	// Tokens are access tokens, by what they are for.
	Tokens map[string]Token
	// Voids are tokens that an API has refused and that are never to be sent
	// again, by fingerprint; the values are when they end.
	Voids map[string]time.Time
	// Pending is what was asked for and no token was obtained with yet, by
	// what it was asked for.
	Pending map[string]Pending
}

// A Token is an access token in a cache. Its formatting and JSON forms leave out
// the value.
type Token struct {
	// Value is the token as it is sent.
	Value string
	// ExpiresOn is when it ends. RefreshOn is when a new one should be
	// sought; zero if nothing is known of that. ObtainedOn is when it was
	// issued or asked for.
	ExpiresOn, RefreshOn, ObtainedOn time.Time
	// Claims are those that it was obtained with; "": none.
	Claims string
}

// Format implements fmt.Formatter: no verb prints the value.
func (t Token) Format(s fmt.State, _ rune) {
	fmt.Fprintf(s, "Token{ExpiresOn: %s}", t.ExpiresOn.Format(time.RFC3339))
}

// MarshalText keeps the value out of JSON and other encodings.
func (t Token) MarshalText() ([]byte, error) { return fmt.Append(nil, t), nil }

// Pending is a claims challenge that waits for somebody to sign in.
type Pending struct {
	// Claims is one JSON object, as the API or Entra sent it.
	Claims string
	// Since is when it was asked for.
	Since time.Time
}

const (
	// The most of each that is kept; what ends first leaves.
	maxTokens, maxVoids, maxPending = 64, 1024, 64
	// pendingLife is how long a challenge waits. It is as long as Entra's
	// longest-lived tokens, of 28 hours, can last: later ones satisfy it.
	pendingLife = 28 * time.Hour
	// aheadOfUs is how far a writer's clock may be ahead of ours before we
	// take its times for our own.
	aheadOfUs = 5 * time.Minute
)

// wireContents are Contents as they are stored. Token and Pending have no JSON
// form of their own, so that none is written anywhere by accident.
type wireContents struct {
	Tokens  map[string]wireToken   `json:"tokens,omitempty"`
	Voids   map[string]time.Time   `json:"voids,omitempty"`
	Pending map[string]wirePending `json:"pending,omitempty"`
}

type wireToken struct {
	Value      string    `json:"value"`
	ExpiresOn  time.Time `json:"expires_on,omitzero"`
	RefreshOn  time.Time `json:"refresh_on,omitzero"`
	ObtainedOn time.Time `json:"obtained_on,omitzero"`
	Claims     string    `json:"claims,omitempty"`
}

type wirePending struct {
	Claims string    `json:"claims"`
	Since  time.Time `json:"since"`
}

// Load returns what the partition has; without any, and with an error, the
// maps are empty. What has ended is not in it.
func (p *Partition) Load(ctx context.Context) (Contents, error) {
	f, err := p.ours.load(ctx)
	if errors.Is(err, ErrUnreadable) {
		p.ours.setAside(ctx, f)
	}
	if err != nil {
		return newContents(), err
	}
	return parseContents(f.plain)
}

// Update changes what the partition has. change may be called several times,
// each time with what is there, until no other process was faster. If nothing
// is left, the record is removed. An error that is ErrUnreadable says that what
// was there could not be read; the change was made.
func (p *Partition) Update(ctx context.Context, change func(*Contents)) error {
	return p.ours.update(ctx, pendingLife, func(plain []byte, _ bool) ([]byte, error) {
		c, _ := parseContents(plain)
		change(&c)
		c.prune(time.Now())
		if len(c.Tokens)+len(c.Voids)+len(c.Pending) == 0 {
			return nil, nil
		}
		return json.Marshal(c.wire())
	})
}

func newContents() Contents {
	return Contents{Tokens: map[string]Token{}, Voids: map[string]time.Time{}, Pending: map[string]Pending{}}
}

func parseContents(plain []byte) (Contents, error) {
	c := newContents()
	if plain == nil {
		return c, nil
	}
	var w wireContents
	if err := json.Unmarshal(plain, &w); err != nil {
		return c, fmt.Errorf("%w: another version of the library may have written it", ErrUnreadable)
	}
	now := time.Now()
	for key, t := range w.Tokens {
		if t.ObtainedOn.After(now.Add(aheadOfUs)) {
			t.ObtainedOn = now
		}
		c.Tokens[key] = Token(t)
	}
	for print, ends := range w.Voids {
		c.Voids[print] = ends
	}
	for key, asked := range w.Pending {
		if asked.Since.After(now) {
			asked.Since = now
		}
		c.Pending[key] = Pending(asked)
	}
	c.prune(now)
	return c, nil
}

func (c Contents) wire() wireContents {
	w := wireContents{Tokens: map[string]wireToken{}, Voids: c.Voids, Pending: map[string]wirePending{}}
	for key, t := range c.Tokens {
		w.Tokens[key] = wireToken(t)
	}
	for key, asked := range c.Pending {
		w.Pending[key] = wirePending(asked)
	}
	return w
}

// prune drops what has ended, and what ends first of what is too much.
func (c Contents) prune(now time.Time) {
	keepLast(c.Tokens, now, maxTokens, func(t Token) time.Time { return t.ExpiresOn })
	keepLast(c.Voids, now, maxVoids, func(ends time.Time) time.Time { return ends })
	keepLast(c.Pending, now, maxPending, func(p Pending) time.Time { return p.Since.Add(pendingLife) })
}

// keepLast keeps at most most members of m that end after now, those that end
// last.
func keepLast[V any](m map[string]V, now time.Time, most int, end func(V) time.Time) {
	for key, v := range m {
		if !end(v).After(now) {
			delete(m, key)
		}
	}
	for len(m) > most {
		var first string
		var earliest time.Time
		for key, v := range m {
			if e := end(v); earliest.IsZero() || e.Before(earliest) {
				first, earliest = key, e
			}
		}
		delete(m, first)
	}
}
