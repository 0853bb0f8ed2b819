package admin

import (
	"cmp"
	"time"

	"github.com/msalcae/msalcae/entratest"
)

type server = entratest.Server

// switches are all there are, as the list shows them.
func switches() []toggle {
	var all []toggle
	for _, some := range [][]toggle{eventSwitches, accessSwitches, tokenSwitches, identitySwitches, faultSwitches, browserSwitches} {
		all = append(all, some...)
	}
	return all
}

// What happens to users and applications.
var eventSwitches = []toggle{
	set("revoke", "Revokes sessions: access tokens are challenged, and refresh tokens die unless they are to be kept.",
		func(s *server, b revocation) {
			if b.Refresh == "keep" {
				s.RevokeAccessTokens(b.name())
			} else {
				s.Revoke(b.name())
			}
		}, revocation.check),
	about("disable", "Disables a user or an application.", (*server).Disable),
	about("enable", "Takes disable back.", (*server).Enable),
	about("delete", "Deletes a user or an application.", (*server).Delete),
	set("change-password", "A user changes the password: confidential clients' refresh tokens stay good.",
		func(s *server, b newPassword) { s.ChangePassword(b.User, b.Password) }),
	set("reset-password", "An administrator changes a user's password.",
		func(s *server, b newPassword) { s.ResetPassword(b.User, b.Password) }),
	set("risk", "Says that a user or an application is at risk, and what that leads to.",
		func(s *server, b danger) { s.SetRisk(b.name(), b.Risk) }, danger.check),
	set("withdraw-consent", "Takes back a user's consent to an application.",
		func(s *server, b subject) { s.WithdrawConsent(b.User, b.Client) }),
	set("expire-refresh-tokens", "Ends the refresh tokens of a user's clients.",
		func(s *server, b expiry) { s.ExpireRefreshTokens(b.User, b.AADSTS) }),
	about("change-policy", "Challenges access tokens as outdated; refresh tokens stay good.", (*server).ChangePolicy),
	set("move-ip", "Moves the clients of a user or an application to another address.",
		func(s *server, b move) {
			if b.SeenBy == "api" {
				s.MoveIPAtAPI(b.name(), b.IP)
			} else {
				s.MoveIP(b.name(), b.IP)
			}
		}, move.check),
	set("propagation-delay", "Sets how long events need from Entra to the API.",
		func(s *server, b delay) { s.SetPropagationDelay(time.Duration(b.Delay)) }),
}

// What Conditional Access and the API demand.
var accessSwitches = []toggle{
	set("require-auth-context", "Makes a path of the API demand one of the authentication contexts.",
		func(s *server, b contexts) { s.RequireAuthContextAt(b.Path, b.IDs...) }),
	set("auth-contexts", "Says how authentication contexts are carried over to other tokens.",
		func(s *server, b carrying) { s.SetAuthContexts(b.Carry) }),
	set("require-mfa", "Demands a second factor for scopes.", func(s *server, b scopes) { s.RequireMFA(b.Scopes...) }),
	set("mfa-registered", "Says whether a user has registered a second factor.",
		func(s *server, b userFlag) { s.SetMFARegistered(b.User, b.On) }),
	set("require-compliant-device", "Demands a compliant device for scopes.",
		func(s *server, b scopes) { s.RequireCompliantDevice(b.Scopes...) }),
	set("compliant", "Says whether a user's devices are compliant.", func(s *server, b userFlag) { s.SetCompliant(b.User, b.On) }),
	set("name-policies", "Says which clients learn from errors which policy is behind them.",
		func(s *server, b told) { s.NamePolicies(b.Public, b.Confidential) }),
	set("allow-ips", "Allows clients at these addresses and networks only.", func(s *server, b addresses) { s.AllowIPs(b.IPs...) }),
	flag("strict-location", "Demands that Entra and the API both see clients at allowed addresses.", (*server).StrictLocation),
	flag("require-cp1", "Makes the API refuse clients without capability cp1.", (*server).RequireCP1),
	set("exclude-from-cae", "Names APIs that take no part in Continuous Access Evaluation.",
		func(s *server, b resources) { s.ExcludeFromCAE(b.Resources...) }),
}

// What tokens and answers look like.
var tokenSwitches = []toggle{
	flag("strict-rotation", "Makes refresh tokens good for one redemption.", (*server).StrictRotation),
	set("token-lifetime", "Sets how long access tokens live from now on.",
		func(s *server, b lifetime) { s.SetTokenLifetime(time.Duration(b.Lifetime)) }),
	set("seed", "Begins the sequence of random lifetimes anew.", func(s *server, b seed) { s.SetSeed(b.Seed) }),
	set("clock-skew", "Sets the clocks of Entra and of the API.",
		func(s *server, b skew) { s.SetClockSkew(time.Duration(b.Entra), time.Duration(b.API)) }),
	set("backdate-tokens", "Dates tokens back, as Entra does by five minutes.",
		func(s *server, b backdating) { s.BackdateTokens(time.Duration(b.By)) }),
	set("scope-echo", "Says how answers spell the scopes that were granted.", func(s *server, b echo) { s.SetScopeEcho(b.Echo) }),
	set("challenge-form", "Makes the API refuse tokens as another service does, or in a malformed way.", func(s *server, b form) { s.SetChallengeForm(b.Form) }),
	set("device-codes", "Says how device codes are handed out.", func(s *server, b deviceCodes) {
		s.SetDeviceCodes(entratest.DeviceCodes{
			Lifetime: time.Duration(b.Lifetime), Interval: time.Duration(b.Interval), SlowDown: b.SlowDown})
	}),
	set("rotate-keys", "Makes another key sign tokens.", func(s *server, _ struct{}) { s.RotateKeys() }),
}

// How applications prove who they are.
var identitySwitches = []toggle{
	set("add-redirect-uri", "Registers redirect URIs of the confidential client.", func(s *server, b uris) { s.AddRedirectURI(b.URIs...) }),
	on("add-certificate", "Registers a certificate of an application.", addCertificate),
	on("client-certificate", "Answers with a certificate of the confidential client and its private key, in PEM.", clientCertificate),
	flag("strict-assertions", "Makes a client assertion good for one request.", (*server).StrictAssertions),
	set("add-federated-credential", "Registers a federated credential of an application.",
		func(s *server, b federated) { s.AddFederatedCredential(b.Client, b.FederatedCredential) }),
	on("issue-assertion", "Answers with a token of an issuer for workload identity federation, and the issuer's URL.",
		func(s *server, b external) (any, error) {
			issuer := s.Issuer(b.Issuer)
			return map[string]string{"issuer": issuer.URL(), "token": issuer.Token(b.Subject, b.Audience...)}, nil
		}, external.check),
	on("add-managed-identity", "Assigns a managed identity to the machine, and answers with it.",
		func(s *server, b entratest.ManagedIdentity) (any, error) { return s.AddManagedIdentity(b), nil }),
	set("managed-identities", "Says how the platform hands out tokens of managed identities.",
		func(s *server, b identities) { s.SetManagedIdentities(entratest.ManagedIdentities(b)) }),
	on("add-tenant", "Adds a directory beside the server's own, and answers with it.",
		func(s *server, b entratest.Tenant) (any, error) { return s.AddTenant(b), nil }),
	set("add-guest", "Invites a user to another tenant.", func(s *server, b guest) { s.AddGuest(b.User, b.Tenant) }),
}

// What breaks.
var faultSwitches = []toggle{
	set("fail", "Makes requests for an endpoint meet a fault.", func(s *server, b failure) {
		b.Fault.Delay = time.Duration(b.Delay)
		s.Fail(b.Endpoint, b.Times, b.Fault)
	}, failure.check),
	set("clear-faults", "Forgets the faults that have not been met.", func(s *server, _ struct{}) { s.ClearFaults() }),
}

// What people do.
var browserSwitches = []toggle{
	on("sign-in", "Opens a URL in the scripted browser, and signs a user in; answered when the client has its answer.",
		func(s *server, b visit) (any, error) {
			browser := s.NewBrowser(cmp.Or(b.User, s.Username()))
			browser.Decline = b.Decline
			return nil, browser.Open(b.URL)
		}, visit.check),
	on("enter-code", "Enters a user code, as the default user.",
		func(s *server, b userCode) (any, error) { return nil, s.EnterCode(b.URL, b.Code) }),
}
