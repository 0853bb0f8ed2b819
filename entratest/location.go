package entratest

import (
	"fmt"
	"net/netip"
	"slices"
	"time"
)

// MoveIP moves the clients of a user or an application, named as for Revoke,
// to another address. While AllowIPs has not been called, every address is
// allowed and the move alone is an event: the API challenges the access tokens
// that were issued before with the address (xms_rp_ipaddr), and new ones carry it
// (ipaddr). Refresh tokens and sessions stay valid. It panics if ip is no
// address.
func (s *Server) MoveIP(user, ip string) { s.move(user, ip, true) }

// MoveIPAtAPI is MoveIP as the API alone sees it: by a split tunnel or a proxy,
// Entra still sees the address of before.
func (s *Server) MoveIPAtAPI(user, ip string) { s.move(user, ip, false) }

func (s *Server) move(user, ip string, everywhere bool) {
	if _, err := netip.ParseAddr(ip); err != nil {
		panic(fmt.Sprintf("entratest: MoveIP: %q is no address", ip))
	}
	s.happen(user, func(p *principal, seq uint64) {
		p.apiIP = ip
		if everywhere {
			p.ip = ip
		}
		if !s.policy.located() {
			p.cut(cut{seq: seq, code: codeLocation, ip: ip})
		}
	})
}

// AllowIPs makes Conditional Access allow only the addresses, given as such
// ("203.0.113.7") or as networks ("203.0.113.0/24"): it is the location policy.
// A client elsewhere is challenged by the API at once, whatever its token, and
// refused by Entra with AADSTS53003. Without addresses everything is allowed,
// as initially. It panics if one cannot be parsed.
func (s *Server) AllowIPs(ips ...string) {
	var allowed []netip.Prefix
	for _, text := range ips {
		network, err := netip.ParsePrefix(text)
		if err != nil {
			ip, err := netip.ParseAddr(text)
			if err != nil {
				panic(fmt.Sprintf("entratest: AllowIPs: %q is neither an address nor a network", text))
			}
			network = netip.PrefixFrom(ip, ip.BitLen())
		}
		allowed = append(allowed, network)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.policy.allowed = allowed
}

// StrictLocation says what happens where Entra sees a client at an allowed
// address and the API does not, which the client's claims tell Entra. By default
// the client gets a token for an hour, for which the API does not look at the
// address, so that it is not challenged forever. Strictly, it is refused with
// AADSTS53003. See
// https://learn.microsoft.com/entra/identity/conditional-access/concept-continuous-access-evaluation-strict-enforcement.
func (s *Server) StrictLocation(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.policy.strictLocation = on
}

// anywhere marks the id of a token that the API takes from any address: in the
// place of its issue (see tokenID), where real ids have their secrets too.
const anywhere = 1 << 63

// standardLocationLifetime is how long tokens live that the API takes from
// anywhere.
const standardLocationLifetime = time.Hour

// located tells whether there is a location policy.
func (p *policy) located() bool { return len(p.allowed) > 0 }

// allows tells whether the location policy allows the address.
func (p *policy) allows(text string) bool {
	ip, err := netip.ParseAddr(text)
	return !p.located() || err == nil &&
		slices.ContainsFunc(p.allowed, func(n netip.Prefix) bool { return n.Contains(ip.Unmap()) })
}

// seenElsewhere tells whether the claims say that the API sees the client where
// it must not be.
func (p *policy) seenElsewhere(c claimsRequest) bool {
	return slices.ContainsFunc(c["xms_rp_ipaddr"].texts(), func(ip string) bool { return !p.allows(ip) })
}

// location: the client is where it may be, as far as Entra knows.
func (a *admission) location() *objection {
	if a.policy.allows(a.who.ip) && !(a.policy.strictLocation && a.policy.seenElsewhere(a.claims)) {
		return nil
	}
	return &objection{err: a.named(aad(53003))}
}

// inPlace refuses tokens whose client is where it must not be, however new they
// are.
func (u *use) inPlace() decision {
	if !u.token.cae() || u.policy.allows(u.caller.apiIP) || u.token.anywhere && !u.policy.strictLocation {
		return decision{}
	}
	return decision{kind: revokedToken, cut: cut{code: codeLocation, ip: u.caller.apiIP}}
}
