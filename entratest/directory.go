package entratest

import (
	"fmt"
	"strings"
	"time"

	"github.com/msalcae/msalcae/entratest/internal/challenge"
	"github.com/msalcae/msalcae/entratest/internal/graph"
	"github.com/msalcae/msalcae/entratest/internal/ids"
	"github.com/msalcae/msalcae/entratest/internal/shelf"
	"github.com/msalcae/msalcae/entratest/internal/site"
	"github.com/msalcae/msalcae/internal/clouds"
)

// A User is a person of the tenant.
type User struct {
	Username string `json:"username"`            // user principal name, such as ada@contoso.test
	Password string `json:"password"`            // "" lets nobody sign in
	ObjectID string `json:"object_id,omitempty"` // a GUID; AddUser makes one for ""
	Name     string `json:"name,omitempty"`      // display name
	Tenant   string `json:"tenant,omitempty"`    // id or domain of a tenant, or "consumers"; "" is the server's own
}

type account struct {
	User
	principal
	guest []string // ids of tenants besides
}

// A refreshToken remembers the sign-in that it came from.
type refreshToken struct {
	signin
	app    *app
	scopes []string
	seq    uint64
	issued time.Time
	used   bool // only looked at when rotation is strict
}

// A signin is what is known of how a person signed in. It never changes.
type signin struct {
	user     *account
	session  string // id
	family   *family
	at       time.Time
	contexts map[string]bool
	factor   uint64 // see session
	general  bool   // see session

	singlePage time.Time // when a single-page application redeemed the code; zero: it was another's
}

// A family is the refresh tokens of one sign-in.
type family struct{ dead bool }

type directory struct {
	tenant     string // its id
	users      []*account
	people     map[string]*account // by lower-case username and object id
	deleted    []*account
	apps       []*app
	former     []*app       // deleted ones
	resources  []string     // what Graph is called
	protected  []string     // what Protect wraps
	graphStore *graph.Store // what the Graph-like API keeps

	sessions *shelf.Shelf[*session]
	refresh  *shelf.Shelf[*refreshToken]
	codes    *shelf.Shelf[*authCode]
	pending  *shelf.Shelf[*transaction] // sign-in pages that are open

	// The sign-ins behind access tokens that may come back as assertions, by uti.
	assertions     *shelf.Shelf[signin]
	usedAssertions *shelf.Shelf[struct{}] // of clients, if they are strictly looked at

	issued *shelf.Shelf[string] // payloads of access tokens, by their hash

	system   *app                        // the system-assigned identity
	platform *shelf.Shelf[platformToken] // tokens of managed identities

	devices   *shelf.Shelf[*deviceGrant] // by device code
	userCodes *shelf.Shelf[*deviceGrant]
}

const graphAppID = challenge.GraphAppID

func newDirectory(api *site.Site, tenant string) directory {
	d := directory{
		tenant:     tenant,
		people:     map[string]*account{},
		graphStore: graph.NewStore(),
		sessions:   shelf.New[*session](50_000),
		refresh:    shelf.New[*refreshToken](100_000),
		codes:      shelf.New[*authCode](10_000),
		pending:    shelf.New[*transaction](10_000),

		assertions:     shelf.New[signin](100_000),
		usedAssertions: shelf.New[struct{}](100_000),

		issued: shelf.New[string](maxIssued),

		platform: shelf.New[platformToken](10_000),

		devices:   shelf.New[*deviceGrant](10_000),
		userCodes: shelf.New[*deviceGrant](10_000),
	}
	d.resources = append(graphAudiences(api), exchangeAudience)
	d.addUser(User{Username: username, Password: password, Name: "Ada Lovelace", ObjectID: "aaaaaaaa-0000-4000-8000-000000000001"})
	d.addUser(User{Username: "grace@" + tenantDomain, Password: "entratest-grace-password", Name: "Grace Hopper", ObjectID: "aaaaaaaa-0000-4000-8000-000000000002"})
	d.addApp(App{ClientID: clientID, Secret: clientSecret, Name: "entratest confidential client"})
	d.addApp(App{ClientID: publicClientID, Name: "entratest public client",
		RedirectURIs: []string{"https://login.microsoftonline.com/common/oauth2/nativeclient"}})
	d.system = d.addManaged(ManagedIdentity{ClientID: systemIdentity})
	return d
}

// graphAudiences are all names of the Graph-like API.
func graphAudiences(api *site.Site) []string {
	all := []string{graphAppID}
	for _, name := range api.Names() {
		all = append(all, "https://"+name)
	}
	for _, c := range clouds.All {
		for _, host := range c.Graph {
			all = append(all, "https://"+host)
		}
	}
	return all
}

func (d *directory) addUser(u User) *account {
	if u.ObjectID == "" {
		u.ObjectID = ids.NewGUID()
	}
	if u.Tenant == "" {
		u.Tenant = d.tenant
	}
	a := &account{User: u, principal: newPrincipal(u.ObjectID, u.Username)}
	d.users = append(d.users, a)
	d.people[strings.ToLower(u.Username)] = a
	d.people[strings.ToLower(u.ObjectID)] = a
	return a
}

func (d *directory) addApp(given App) *app {
	if given.ClientID == "" {
		given.ClientID = ids.NewGUID()
	}
	// The service principal has an object id of its own, the same in every run.
	a := &app{App: given, principal: newPrincipal(ids.GUIDOf("service principal "+given.ClientID), given.ClientID)}
	d.apps = append(d.apps, a)
	return a
}

// user finds a person by user principal name, object id or MSAL's home account
// id; nil if there is none.
func (d *directory) user(name string) *account {
	name = strings.ToLower(name)
	if u := d.people[name]; u != nil {
		return u
	}
	objectID, tenant, _ := strings.Cut(name, ".")
	if u := d.people[objectID]; u != nil && u.Tenant == tenant {
		return u
	}
	return nil
}

func (d *directory) app(id string) *app {
	for _, a := range d.apps {
		if strings.EqualFold(a.ClientID, id) {
			return a
		}
	}
	return nil
}

// AddUser adds a person to the tenant and returns it completed. It panics if
// the username is empty, or it or the object id is taken, or there is no such tenant. A deleted user leaves
// the username free, not the object id.
func (s *Server) AddUser(u User) User {
	s.mu.Lock()
	defer s.mu.Unlock()
	if u.Username == "" || s.user(u.Username) != nil || s.user(u.ObjectID) != nil || s.wasObject(u.ObjectID) {
		panic(fmt.Sprintf("entratest: AddUser: the username %q is empty, or it or the object id is taken", u.Username))
	}
	if u.Tenant != "" {
		id, ok := s.tenant(u.Tenant)
		if !ok {
			panic(fmt.Sprintf("entratest: AddUser: there is no tenant %q", u.Tenant))
		}
		u.Tenant = id
	}
	return s.addUser(u).User
}

// Users returns the people of the tenant; the first is Username's.
func (s *Server) Users() []User {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]User, len(s.users))
	for i, u := range s.users {
		all[i] = u.User
	}
	return all
}

// Apps returns the applications of the tenant; the first is ClientID's, the
// second PublicClientID's. Managed identities are none.
func (s *Server) Apps() []App {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []App
	for _, a := range s.apps {
		if a.managed == nil {
			all = append(all, a.App.clone())
		}
	}
	return all
}
