package admin

import (
	"errors"
	"time"

	"github.com/msalcae/msalcae/entratest"
)

// A toggle is one switch of the server.
type toggle struct {
	name, does string
	body       any // an example
	// read returns what a body does.
	read func(body []byte) (func(*entratest.Server), error)
}

// on makes a switch whose body is a B. Check, if not nil, tells what is wrong
// with a body before anything is done.
func on[B any](name, does string, apply func(*entratest.Server, B), check ...func(B) error) toggle {
	var example B
	return toggle{name, does, example, func(body []byte) (func(*entratest.Server), error) {
		var b B
		if err := decode(body, &b); err != nil {
			return nil, err
		}
		for _, check := range check {
			if err := check(b); err != nil {
				return nil, err
			}
		}
		return func(s *entratest.Server) { apply(s, b) }, nil
	}}
}

func switchNamed(name string) (toggle, bool) {
	for _, s := range switches {
		if s.name == name {
			return s, true
		}
	}
	return toggle{}, false
}

// A subject is a user or an application; neither is everybody.
type subject struct {
	User   string `json:"user"`   // user principal name or object id
	Client string `json:"client"` // client id
}

func (b subject) name() string { return b.User + b.Client }

func (b subject) check() error {
	if b.User != "" && b.Client != "" {
		return errors.New("name a user or a client, not both")
	}
	return nil
}

// about makes a switch that is about a user or an application.
func about(name, does string, apply func(*entratest.Server, string)) toggle {
	return on(name, does, func(s *entratest.Server, b subject) { apply(s, b.name()) }, subject.check)
}

type onOff struct {
	On bool `json:"on"`
}

func flag(name, does string, apply func(*entratest.Server, bool)) toggle {
	return on(name, does, func(s *entratest.Server, b onOff) { apply(s, b.On) })
}

type revocation struct {
	subject
	Refresh string `json:"refresh"` // "revoke", which is the default, or "keep"
}

func (b revocation) check() error {
	switch b.Refresh {
	case "", "keep", "revoke":
		return b.subject.check()
	}
	return errors.New(`refresh is "keep" or "revoke"`)
}

type move struct {
	subject
	IP string `json:"ip"`
}

type contexts struct {
	Path string   `json:"path"` // "": all of the API
	IDs  []string `json:"ids"`  // none: no demand any more
}

type challengeForm struct {
	Form entratest.ChallengeForm `json:"form"` // "": Graph's
}

type lifetime struct {
	Lifetime duration `json:"lifetime"` // 0: Entra's
}

type failure struct {
	Endpoint entratest.Endpoint `json:"endpoint"`
	Times    int                `json:"times"` // negative: until clear-faults
	entratest.Fault
	Delay duration `json:"delay,omitempty"`
}

func (b failure) check() error {
	switch b.Endpoint {
	case entratest.DiscoveryEndpoint, entratest.AuthorizeEndpoint, entratest.SignInEndpoint,
		entratest.TokenEndpoint, entratest.APIEndpoint:
	default:
		return errors.New("endpoint is discovery, authorize, signin, token or api")
	}
	if b.Times == 0 {
		return errors.New("times is how often; a negative number is always")
	}
	return nil
}

// switches are all there are, as the list shows them.
var switches = []toggle{
	on("revoke", "Revokes sessions: access tokens are challenged, and refresh tokens die unless they are to be kept.",
		func(s *entratest.Server, b revocation) {
			if b.Refresh == "keep" {
				s.RevokeAccessTokens(b.name())
			} else {
				s.Revoke(b.name())
			}
		}, revocation.check),
	about("disable", "Disables a user or an application.", (*entratest.Server).Disable),
	about("enable", "Takes disable back.", (*entratest.Server).Enable),
	about("change-policy", "Challenges access tokens as outdated; refresh tokens stay good.", (*entratest.Server).ChangePolicy),
	on("move-ip", "Moves the clients of a user or an application to another address.",
		func(s *entratest.Server, b move) { s.MoveIP(b.name(), b.IP) }, func(b move) error { return b.check() }),
	on("require-auth-context", "Makes a path of the API demand one of the authentication contexts.",
		func(s *entratest.Server, b contexts) { s.RequireAuthContextAt(b.Path, b.IDs...) }),
	on("challenge-form", "Makes the API refuse tokens as another service does, or in a malformed way.",
		func(s *entratest.Server, b challengeForm) { s.SetChallengeForm(b.Form) }),
	flag("strict-rotation", "Makes refresh tokens good for one redemption.", (*entratest.Server).StrictRotation),
	on("token-lifetime", "Sets how long access tokens live from now on.",
		func(s *entratest.Server, b lifetime) { s.SetTokenLifetime(time.Duration(b.Lifetime)) }),
	on("fail", "Makes requests for an endpoint meet a fault.",
		func(s *entratest.Server, b failure) {
			b.Fault.Delay = time.Duration(b.Delay)
			s.Fail(b.Endpoint, b.Times, b.Fault)
		}, failure.check),
	on("clear-faults", "Forgets the faults that have not been met.",
		func(s *entratest.Server, _ struct{}) { s.ClearFaults() }),
}
