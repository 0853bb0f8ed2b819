package entratest

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/msalcae/msalcae/entratest/internal/ids"
)

// A Tenant is a directory with people of its own.
type Tenant struct {
	ID     string `json:"id"`     // a GUID; AddTenant makes one for ""
	Domain string `json:"domain"` // by which authorities may name it as well
}

// consumersTenant is the id of the tenant that personal Microsoft accounts are
// in.
const consumersTenant = "9188040d-6c67-4c5b-b112-36a304b66dad"

// consumersDomain is whose accounts are personal, here.
const consumersDomain = "outlook.test"

// tenants has a lock of its own: paths and issuers are looked at without the
// directory's.
type tenants struct {
	mu  sync.RWMutex
	all []Tenant // the first is the server's own
}

func (t *tenants) reset(own string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.all = []Tenant{{own, tenantDomain}, {consumersTenant, consumersDomain}}
}

// find returns a tenant by its id or domain.
func (t *tenants) find(name string) (Tenant, bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	i := slices.IndexFunc(t.all, func(have Tenant) bool {
		return strings.EqualFold(have.ID, name) || strings.EqualFold(have.Domain, name)
	})
	if i < 0 {
		return Tenant{}, false
	}
	return t.all[i], true
}

// AddTenant adds a directory beside the server's own, and returns it completed.
// Its people are added with [User.Tenant], and there is one for personal
// Microsoft accounts already, "consumers". Applications are known in all
// tenants. AddTenant panics if the domain is empty, or it or the id is taken.
func (s *Server) AddTenant(t Tenant) Tenant {
	if t.ID == "" {
		t.ID = ids.NewGUID()
	}
	t.ID = strings.ToLower(t.ID)
	_, domainTaken := s.tenant(t.Domain)
	_, idTaken := s.tenant(t.ID)
	if t.Domain == "" || domainTaken || idTaken {
		panic(fmt.Sprintf("entratest: AddTenant: the domain %q is empty, or it or the id is taken", t.Domain))
	}
	s.tenants.mu.Lock()
	defer s.tenants.mu.Unlock()
	s.tenants.all = append(s.tenants.all, t)
	return t
}

// AuthorityFor returns the authority of a tenant, given by its id or domain, or
// one of those that stand for several: "common" for everybody, "organizations"
// for all but personal accounts, "consumers" for these.
func (s *Server) AuthorityFor(tenant string) string { return s.web.Origin() + "/" + tenant }

// AddGuest invites a user, named as for Revoke, to another tenant: the account
// may sign in there, and is another object in it. Guests' tokens take no part in
// Continuous Access Evaluation. It panics if there is no such user or tenant.
func (s *Server) AddGuest(user, tenant string) {
	t, ok := s.tenants.find(tenant)
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.user(user)
	if u == nil || !ok {
		panic(fmt.Sprintf("entratest: AddGuest: there is no user %q or no tenant %q", user, tenant))
	}
	id := ids.GUIDOf("guest " + u.ObjectID + " " + t.ID)
	u.guest = append(u.guest, t.ID)
	s.people[strings.ToLower(id)] = u
}

// tenant returns the tenant's id for a segment of a path: its id, its domain,
// or one of the names that stand for several, which mean the server's own where
// nobody in particular is meant.
func (s *Server) tenant(name string) (id string, ok bool) {
	switch strings.ToLower(name) {
	case "common", "organizations":
		return s.tenantID, true
	case "consumers":
		return consumersTenant, true
	}
	t, ok := s.tenants.find(name)
	return t.ID, ok
}

// anyTenant tells whether a path's tenant is a name for any.
func anyTenant(name string) bool {
	return strings.EqualFold(name, "common") || strings.EqualFold(name, "organizations")
}

// tenantOf returns the tenant that a person's tokens are of, at the authority
// that a path names; ok is false if the person may not sign in there.
func (s *Server) tenantOf(u *account, name string) (id string, ok bool) {
	switch strings.ToLower(name) {
	case "common":
		return u.Tenant, true
	case "organizations":
		return u.Tenant, u.Tenant != consumersTenant
	}
	id, ok = s.tenant(name)
	return id, ok && (id == u.Tenant || slices.Contains(u.guest, id))
}

// objectAt is the person's object id in a tenant.
func (u *account) objectAt(tenant string) string {
	if tenant == u.Tenant {
		return u.ObjectID
	}
	return ids.GUIDOf("guest " + u.ObjectID + " " + tenant)
}

// sameTenant tells whether a code that was issued at the authority of one name
// may be redeemed at that of another.
func (s *Server) sameTenant(a, b string) bool {
	if anyTenant(a) || anyTenant(b) {
		return true
	}
	idA, _ := s.tenant(a)
	idB, _ := s.tenant(b)
	return idA == idB
}
