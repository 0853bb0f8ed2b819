package admin

import (
	"errors"

	"github.com/msalcae/msalcae/entratest"
)

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

type onOff struct {
	On bool `json:"on"`
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

type newPassword struct {
	User     string `json:"user"`
	Password string `json:"password"`
}

type danger struct {
	subject
	Risk entratest.Risk `json:"risk"` // "", "mfa" or "block"
}

func (b danger) check() error { return b.subject.check() }

type move struct {
	subject
	IP     string `json:"ip"`
	SeenBy string `json:"seen_by"` // "api": Entra still sees the old address; "": both see the new one
}

func (b move) check() error {
	if b.SeenBy != "" && b.SeenBy != "api" {
		return errors.New(`seen_by is "api" or ""`)
	}
	return b.subject.check()
}

type addresses struct {
	IPs []string `json:"ips"` // addresses and networks; none: everywhere
}

type contexts struct {
	Path string   `json:"path"` // "": all of the API
	IDs  []string `json:"ids"`  // none: no demand any more
}

type carrying struct {
	Carry entratest.AuthContexts `json:"carry"` // "", "carried" or "forgotten"
}

type scopes struct {
	Scopes []string `json:"scopes"` // "" is everything; none: no demand any more
}

type userFlag struct {
	User string `json:"user"`
	On   bool   `json:"on"`
}

type told struct {
	Public       bool `json:"public"`
	Confidential bool `json:"confidential"`
}

type expiry struct {
	User   string           `json:"user"`
	AADSTS entratest.Expiry `json:"aadsts"` // 700082, 70043, 700084, 70008 or 70000
}

type resources struct {
	Resources []string `json:"resources"`
}

type skew struct {
	Entra duration `json:"entra"` // ahead of the client's clock, or behind if negative
	API   duration `json:"api"`
}

type lifetime struct {
	Lifetime duration `json:"lifetime"` // 0: Entra's
}

type delay struct {
	Delay duration `json:"delay"`
}

type backdating struct {
	By duration `json:"by"`
}

type echo struct {
	Echo entratest.ScopeEcho `json:"echo"` // "", "none", "qualified", "granted", "reordered" or "fewer"
}

type form struct {
	Form entratest.ChallengeForm `json:"form"`
}

type deviceCodes struct {
	Lifetime duration `json:"lifetime"`
	Interval duration `json:"interval"`
	SlowDown bool     `json:"slow_down"`
}

type seed struct {
	Seed uint64 `json:"seed"`
}

type uris struct {
	URIs []string `json:"uris"`
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

type visit struct {
	URL     string `json:"url"`     // what the client wants opened in a browser
	User    string `json:"user"`    // who sits there; "": the default user
	Decline bool   `json:"decline"` // cancels instead of signing in
}

func (b visit) check() error {
	if b.URL == "" {
		return errors.New("url is what to open in the browser")
	}
	return nil
}

type userCode struct {
	URL  string `json:"url"` // verification_uri
	Code string `json:"code"`
}
