package admin

import (
	"errors"
	"fmt"
	"slices"

	"github.com/msalcae/msalcae/entratest"
)

// A subject is a user or an application; neither is everybody.
type subject struct {
	User   string `json:"user" takes:"user principal name or object id"`
	Client string `json:"client" takes:"client id"`
}

func (b subject) name() string { return b.User + b.Client }

func (b subject) check() error {
	if b.User != "" && b.Client != "" {
		return errors.New("name a user or a client, not both")
	}
	return nil
}

type onOff struct {
	On bool `json:"on" takes:"true or false"`
}

type revocation struct {
	subject
	Refresh string `json:"refresh" takes:"\"revoke\", which is the default, or \"keep\""`
}

func (b revocation) check() error {
	switch b.Refresh {
	case "", "keep", "revoke":
		return b.subject.check()
	}
	return errors.New(`refresh is "keep" or "revoke"`)
}

type newPassword struct {
	User     string `json:"user" takes:"user principal name or object id"`
	Password string `json:"password" takes:"the new one"`
}

type danger struct {
	subject
	Risk entratest.Risk `json:"risk" takes:"\"\", \"mfa\" or \"block\""`
}

func (b danger) check() error { return b.subject.check() }

type move struct {
	subject
	IP     string `json:"ip" takes:"the new address"`
	SeenBy string `json:"seen_by" takes:"\"api\": Entra still sees the old address; \"\": both see the new one"`
}

func (b move) check() error {
	if b.SeenBy != "" && b.SeenBy != "api" {
		return errors.New(`seen_by is "api" or ""`)
	}
	return b.subject.check()
}

type addresses struct {
	IPs []string `json:"ips" takes:"addresses and networks; none: everywhere"`
}

type contexts struct {
	Path string   `json:"path" takes:"of the API, without its version; \"\": all of it"`
	IDs  []string `json:"ids" takes:"authentication contexts such as \"c1\"; none: no demand any more"`
}

type carrying struct {
	Carry entratest.AuthContexts `json:"carry" takes:"\"\", \"carried\" or \"forgotten\""`
}

type scopes struct {
	Scopes []string `json:"scopes" takes:"\"\" is everything; none: no demand any more"`
}

type userFlag struct {
	User string `json:"user" takes:"user principal name or object id; \"\" is everybody"`
	On   bool   `json:"on" takes:"true or false"`
}

type told struct {
	Public       bool `json:"public" takes:"true or false"`
	Confidential bool `json:"confidential" takes:"true or false"`
}

type expiry struct {
	User   string           `json:"user" takes:"user principal name or object id; \"\" is everybody"`
	AADSTS entratest.Expiry `json:"aadsts" takes:"700082, 70043, 700084, 70008 or 70000"`
}

type resources struct {
	Resources []string `json:"resources" takes:"names of APIs"`
}

type skew struct {
	Entra duration `json:"entra" takes:"duration, ahead of the client's clock, or behind if negative"`
	API   duration `json:"api" takes:"duration, as entra"`
}

type lifetime struct {
	Lifetime duration `json:"lifetime" takes:"duration; 0: Entra's"`
}

type delay struct {
	Delay duration `json:"delay"`
}

type backdating struct {
	By duration `json:"by"`
}

type echo struct {
	Echo entratest.ScopeEcho `json:"echo" takes:"\"\", \"none\", \"qualified\", \"granted\", \"reordered\" or \"fewer\""`
}

type form struct {
	Form entratest.ChallengeForm `json:"form" takes:"\"\" is Graph's"`
}

type deviceCodes struct {
	Lifetime duration `json:"lifetime"`
	Interval duration `json:"interval"`
	SlowDown bool     `json:"slow_down" takes:"true or false"`
}

type seed struct {
	Seed uint64 `json:"seed" takes:"number"`
}

type uris struct {
	URIs []string `json:"uris" takes:"a list"`
}

type failure struct {
	Endpoint entratest.Endpoint `json:"endpoint" takes:"discovery, authorize, signin, token, devicecode, logout, identity, api or upload"`
	Times    int                `json:"times" takes:"negative: until clear-faults"`
	entratest.Fault
	Delay duration `json:"delay,omitempty"`
}

func (b failure) check() error {
	if !slices.Contains(entratest.Endpoints(), b.Endpoint) {
		return fmt.Errorf("endpoint is one of %q", entratest.Endpoints())
	}
	if b.Times == 0 {
		return errors.New("times is how often; a negative number is always")
	}
	return nil
}

type visit struct {
	URL     string `json:"url" takes:"what the client wants opened in a browser"`
	User    string `json:"user" takes:"who sits there; \"\": the default user"`
	Decline bool   `json:"decline" takes:"cancels instead of signing in"`
}

func (b visit) check() error {
	if b.URL == "" {
		return errors.New("url is what to open in the browser")
	}
	return nil
}

type userCode struct {
	URL  string `json:"url" takes:"verification_uri"`
	Code string `json:"code" takes:"user_code"`
}

type certificate struct {
	Client string `json:"client" takes:"client id"`
	PEM    string `json:"pem" takes:"the certificate"`
}

type federated struct {
	Client string `json:"client" takes:"client id"`
	entratest.FederatedCredential
}

type guest struct {
	User   string `json:"user" takes:"user principal name or object id"`
	Tenant string `json:"tenant" takes:"id or domain"`
}

type external struct {
	Issuer   string   `json:"issuer" takes:"a name of your choice, part of the issuer's URL"`
	Subject  string   `json:"subject" takes:"whom the token is for (sub)"`
	Audience []string `json:"audience" takes:"none: api://AzureADTokenExchange"`
}

func (b external) check() error {
	if b.Issuer == "" || b.Subject == "" {
		return errors.New("issuer and subject are needed")
	}
	return nil
}

type identities struct {
	NoCache    bool `json:"no_cache" takes:"true or false"`
	Revocation bool `json:"revocation" takes:"true or false"`
	CAE        bool `json:"cae" takes:"true or false"`
}
