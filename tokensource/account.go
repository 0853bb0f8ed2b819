package tokensource

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"
	"github.com/msalcae/msalcae"
	"github.com/msalcae/msalcae/tokensource/internal/engine"
	"github.com/msalcae/msalcae/tokensource/internal/entra"
)

var (
	errNobody    = fmt.Errorf("%w: nobody has signed in yet; call SignIn of the same Public with these scopes, or give it a Prompt", msalcae.ErrInteractionRequired)
	errSeveral   = fmt.Errorf("%w: several accounts are signed in; name one with Account, or call SignIn", msalcae.ErrInteractionRequired)
	errSignedOut = fmt.Errorf("%w: the account was signed out; call SignIn of the same Public, or give it a Prompt", msalcae.ErrInteractionRequired)
)

// A person is whom the sources of the zero Account of one Public stand for.
type person struct {
	mu      sync.Mutex
	account public.Account // zero: nobody yet, or nobody any more
	left    bool           // the last one signed out, and nobody has signed in since
}

func (p *person) current() public.Account {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.account
}

// vacant reports whether the one who is not there has left. Then nobody else
// takes over without signing in: a program must not go on as another person
// because the one who used it signed out.
func (p *person) vacant() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.left
}

// bind makes account the person, and reports whether another one was before.
func (p *person) bind(account public.Account) (changed bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	changed = p.account.HomeAccountID != "" && !samePerson(p.account, account)
	p.account, p.left = account, false
	return changed
}

// bindFirst makes account the person if there never was one, and returns who
// is.
func (p *person) bindFirst(account public.Account) public.Account {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.account.HomeAccountID == "" && !p.left {
		p.account = account
	}
	return p.account
}

// unbind forgets the person if it is account.
func (p *person) unbind(account public.Account) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !samePerson(p.account, account) {
		return false
	}
	p.account, p.left = public.Account{}, true
	return true
}

// departures remembers who signed out, so that a token request that was under
// way does not put them back into MSAL's cache. Safe for concurrent use.
type departures struct {
	mu   sync.Mutex
	left map[string]int // how often, by home account
	away map[string]bool
}

func (d *departures) leave(a public.Account) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.left == nil {
		d.left, d.away = map[string]int{}, map[string]bool{}
	}
	home := homeOf(a)
	d.left[home]++
	d.away[home] = true
}

func (d *departures) back(a public.Account) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.away, homeOf(a))
}

func (d *departures) count(a public.Account) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.left[homeOf(a)]
}

// since reports whether a has left after count returned n, and is away.
func (d *departures) since(a public.Account, n int) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.left[homeOf(a)] != n && d.away[homeOf(a)]
}

// homeOf is the account's identity in one spelling.
func homeOf(a public.Account) string { return strings.ToLower(a.HomeAccountID) }

// samePerson compares by home account: a guest has another object id in every
// tenant, and one home. User names change and are reused.
func samePerson(a, b public.Account) bool {
	return a.HomeAccountID != "" && homeOf(a) == homeOf(b)
}

// mismatch says that got is another person than want; nil if want is anybody.
func mismatch(want, got public.Account) error {
	switch {
	case want.HomeAccountID == "" && got.HomeAccountID != "", samePerson(want, got):
		return nil
	case got.HomeAccountID == "":
		return fmt.Errorf("%w: the answer does not say whose it is", msalcae.ErrAccountMismatch)
	case want.PreferredUsername == "":
		return fmt.Errorf("%w; sign in with the account that was challenged", msalcae.ErrAccountMismatch)
	}
	return fmt.Errorf("%w; sign in as %s", msalcae.ErrAccountMismatch, want.PreferredUsername)
}

// whoever returns the person of the zero Account: the one who is bound, or the
// only one in MSAL's cache, who then is.
func (p *Public) whoever(ctx context.Context) (public.Account, error) {
	if a := p.person.current(); a.HomeAccountID != "" {
		return a, nil
	}
	if p.person.vacant() {
		return public.Account{}, errSignedOut
	}
	all, err := p.Accounts(ctx)
	switch {
	case err != nil:
		return public.Account{}, err
	case len(all) == 0:
		return public.Account{}, errNobody
	case len(all) > 1:
		return public.Account{}, errSeveral
	}
	if a := p.person.bindFirst(all[0]); a.HomeAccountID != "" {
		return a, nil
	}
	return public.Account{}, errSignedOut // just now
}

// named returns want as MSAL's cache knows it, which adds the user name to an
// account of which a program kept only the id.
func (p *Public) named(ctx context.Context, want public.Account) public.Account {
	if want.HomeAccountID == "" || want.PreferredUsername != "" {
		return want
	}
	all, _ := p.cached(ctx)
	for _, a := range all {
		if samePerson(a, want) {
			want.PreferredUsername = a.PreferredUsername
		}
	}
	return want
}

// cached returns the accounts in MSAL's cache, one for each tenant and cloud
// that a person signed in to.
func (p *Public) cached(ctx context.Context) ([]public.Account, error) {
	all, err := entra.Guard(entra.InMSAL, func() ([]public.Account, error) { return p.client.Accounts(ctx) })
	if err != nil {
		return nil, entra.Typed(ctx, err)
	}
	return all, nil
}

// persons leaves one account of each person and cloud: that of the authority's
// tenant if there is one. They are sorted by name.
func persons(all []public.Account, tenant string) []public.Account {
	rank := func(a public.Account) int {
		if strings.EqualFold(a.Realm, tenant) {
			return 0
		}
		return 1
	}
	slices.SortFunc(all, func(a, b public.Account) int {
		return cmp.Or(
			strings.Compare(strings.ToLower(a.PreferredUsername), strings.ToLower(b.PreferredUsername)),
			strings.Compare(strings.ToLower(a.HomeAccountID), strings.ToLower(b.HomeAccountID)),
			strings.Compare(a.Environment, b.Environment),
			cmp.Compare(rank(a), rank(b)),
			strings.Compare(a.Realm, b.Realm),
		)
	})
	var one []public.Account
	for _, a := range all {
		if !slices.ContainsFunc(one, func(o public.Account) bool { return samePerson(o, a) && o.Environment == a.Environment }) {
			one = append(one, a)
		}
	}
	return one
}

// dropStranger removes an account that signed in instead of the right one from
// MSAL's cache, unless it was there before.
func (p *Public) dropStranger(ctx context.Context, stranger public.Account, before []public.Account) error {
	if stranger.HomeAccountID == "" || slices.ContainsFunc(before, func(a public.Account) bool { return samePerson(a, stranger) }) {
		return nil
	}
	return p.remove(context.WithoutCancel(ctx), stranger)
}

// removeAll removes who from MSAL's cache, which does so for one cloud at a
// time and compares ids by their spelling.
func (p *Public) removeAll(ctx context.Context, who public.Account) error {
	all, err := p.cached(ctx)
	if err != nil {
		return err
	}
	for _, known := range all {
		if samePerson(known, who) {
			if err := p.remove(ctx, known); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *Public) remove(ctx context.Context, a public.Account) error {
	_, err := entra.Guard(entra.InMSAL, func() (struct{}, error) { return struct{}{}, p.client.RemoveAccount(ctx, a) })
	return entra.Typed(ctx, err)
}

var errNoHome = fmt.Errorf("%w: the account has no HomeAccountID; take it from Accounts, SignIn or Redeem", msalcae.ErrMisconfigured)

// errNoPrompt is what SignIn says when there is no way to ask.
var errNoPrompt = fmt.Errorf("%w: there is no Prompt to sign in with; set PublicConfig.Prompt, to a *Browser for one", msalcae.ErrMisconfigured)

var errEmptySignIn = errors.New("the Prompt returned neither a token nor an error")

// notSignedIn describes why a prompt failed.
func notSignedIn(ctx context.Context, err error) error {
	if ended := ctx.Err(); ended != nil && errors.Is(err, ended) {
		return &msalcae.Error{Err: fmt.Errorf("nobody finished the sign-in in time: %w", ended)}
	}
	result := entra.Typed(ctx, err)
	if errors.Is(err, ErrDeclined) && !errors.Is(result, ErrDeclined) {
		return entra.OfKinds("the sign-in was declined: "+engine.Plain(result), ErrDeclined, result)
	}
	return result
}
