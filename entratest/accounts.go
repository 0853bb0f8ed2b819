package entratest

import (
	"fmt"
	"slices"
	"strings"
)

// Disable disables a user or an application, named as for Revoke: the API
// challenges its access tokens, and nobody gets new ones until Enable: neither
// for a refresh token nor by signing in (AADSTS50057, for an application
// AADSTS7000112).
func (s *Server) Disable(user string) {
	s.happen(user, func(p *principal, seq uint64) {
		s.event(p, seq, codeRevoked)
		p.blocked = 7000112
		if s.user(p.objectID) != nil {
			p.blocked = 50057
		}
	})
}

// Enable takes Disable back. Access tokens issued before stay refused.
func (s *Server) Enable(user string) { s.happen(user, func(p *principal, _ uint64) { p.blocked = 0 }) }

// Delete deletes a user or an application: the API challenges its access tokens,
// and Entra does not know it any more: its refresh tokens and sign-ins are
// answered with AADSTS50034, an application's requests with AADSTS700016. Delete
// panics if there is nobody of that name, which may not be "".
func (s *Server) Delete(user string) {
	if user == "" {
		panic("entratest: Delete: everybody is not to be deleted at once")
	}
	s.happen(user, func(p *principal, seq uint64) {
		s.event(p, seq, codeRevoked)
		if u := s.user(p.objectID); u != nil {
			p.blocked = 50034
			s.deleted = append(s.deleted, u)
			s.users = slices.DeleteFunc(slices.Clone(s.users), func(have *account) bool { return have == u })
			delete(s.people, strings.ToLower(u.Username))
			delete(s.people, strings.ToLower(u.ObjectID))
			return
		}
		p.blocked = 700016
		i := slices.IndexFunc(s.apps, func(a *app) bool { return &a.principal == p })
		s.former = append(s.former, s.apps[i])
		s.apps = slices.Delete(slices.Clone(s.apps), i, i+1)
	})
}

// wasDeleted tells whether there was a user of that name.
func (d *directory) wasDeleted(name string) bool {
	return d.user(name) == nil && slices.ContainsFunc(d.deleted, func(u *account) bool { return strings.EqualFold(u.Username, name) })
}

// wasObject tells whether a deleted user or application had the id.
func (d *directory) wasObject(id string) bool {
	return slices.ContainsFunc(d.deleted, func(u *account) bool { return strings.EqualFold(u.ObjectID, id) }) ||
		slices.ContainsFunc(d.former, func(a *app) bool { return strings.EqualFold(a.ClientID, id) })
}

// ChangePassword is a user's change of the own password: the API challenges the
// access tokens issued so far, public clients' refresh tokens are answered with
// AADSTS50173, and the next sign-in asks for the password. Confidential clients'
// refresh tokens stay good, see
// https://learn.microsoft.com/entra/identity-platform/refresh-tokens. It panics
// if there is no user of that name.
func (s *Server) ChangePassword(user, password string) {
	s.setPassword(user, password, func(p *principal, seq uint64) {
		s.event(p, seq, codeRevoked)
		p.passwordFrom, p.passwordFromAt = seq, s.entraNow()
	})
}

// ResetPassword is an administrator's change of a user's password: all refresh
// tokens end, as by Revoke. It panics if there is no user of that name.
func (s *Server) ResetPassword(user, password string) { s.setPassword(user, password, s.revoke) }

func (s *Server) setPassword(user, password string, then func(p *principal, seq uint64)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.user(user)
	if u == nil {
		panic(fmt.Sprintf("entratest: there is no user %q", user))
	}
	u.Password = password
	then(&u.principal, s.next())
}
