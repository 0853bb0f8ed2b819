package tokensource

import (
	"context"
	"fmt"
	"slices"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"
	"github.com/msalcae/msalcae"
	"github.com/msalcae/msalcae/cache"
	"github.com/msalcae/msalcae/internal/acquisition"
	"github.com/msalcae/msalcae/tokensource/internal/engine"
	"github.com/msalcae/msalcae/tokensource/internal/entra"
	"github.com/msalcae/msalcae/tokensource/internal/persistent"
)

// A kept is the part of a cache.Cache that a client uses; nil: it has none.
type kept struct {
	partition *cache.Partition
	refused   *engine.Voids
	trouble   engine.Trouble
}

func newKept(c *cache.Cache, kind string, a entra.Authority, clientID string, caps []string) *kept {
	if c == nil {
		return nil
	}
	scope := cache.Scope{Authority: a.URL, ClientID: clientID, Capabilities: caps, Subject: kind}
	return &kept{partition: c.Partition(scope), refused: engine.NewSharedVoids()}
}

// checkCache refuses a cache that can keep nothing.
func checkCache(config string, c *cache.Cache) error {
	if c == nil || c.Err() == nil {
		return nil
	}
	return fmt.Errorf("%w: %s.Cache cannot be used (%w)", msalcae.ErrMisconfigured, config, c.Err())
}

// voids are what the client's sources share.
func (k *kept) voids() *engine.Voids {
	if k == nil {
		return engine.NewVoids()
	}
	return k.refused
}

// accessor keeps what MSAL has, without the tokens that are void.
func (k *kept) accessor() *Accessor {
	if k == nil {
		return &Accessor{}
	}
	failed := func(ctx context.Context, op string, err error) {
		if a, ok := acquisition.From(ctx); ok && a.Failed != nil && (a.Every || k.trouble.Report()) {
			a.Failed(op, err)
		}
	}
	return &Accessor{Store: k.partition.Accessor(failed, func(value string) bool { return k.refused.Has(k.refused.Fingerprint(value)) })}
}

// store is where a source shares what it knows: with the others of its identity,
// by key.
func (k *kept) store(key string, identity func(context.Context) string) engine.Store {
	if k == nil {
		return nil
	}
	return persistent.New(k.partition, key, identity, &k.trouble)
}

// store returns where the sources of the account called home share what they
// know: by account, also those of the zero Account as soon as it is known who
// that is.
func (p *Public) store(home, tenant, scopes string) engine.Store {
	if p.kept == nil {
		return nil
	}
	return p.kept.store(tenant+" "+scopes, func(ctx context.Context) string {
		if home != "" {
			return home
		}
		who, err := p.whoever(ctx)
		if err != nil {
			return ""
		}
		return homeOf(who)
	})
}

// rouse makes the sources of the people in the cache, and of the zero Account,
// which then know what other processes were asked for and could not answer.
func (p *Public) rouse(ctx context.Context, scopes []string) {
	if p.kept == nil {
		return
	}
	all, _ := p.Accounts(ctx)
	for _, a := range all[:min(len(all), maxRoused)] {
		p.Account(a, scopes...)
	}
	p.Account(public.Account{}, scopes...)
}

// maxRoused bounds the people whose claims a sign-in looks for.
const maxRoused = 16

// removeKept removes what the sources of a have shared.
func (p *Public) removeKept(ctx context.Context, a public.Account) error {
	if p.kept == nil {
		return nil
	}
	if err := persistent.RecordOf(p.kept.partition, homeOf(a)).Delete(ctx); err != nil {
		return stillKept(err)
	}
	return nil
}

// stillKept says that a sign-out was not stored, and why.
func stillKept(err error) error {
	return &msalcae.Error{Err: fmt.Errorf("the cache still has what was kept of the account: %w", entra.Clean(err))}
}

// watchful returns a context in which failures of the cache are noted, and what
// was.
func watchful(ctx context.Context) (context.Context, func() error) {
	var first error
	ctx = acquisition.With(ctx, acquisition.Acquisition{Every: true, Failed: func(op string, err error) {
		if first == nil {
			first = err
		}
	}})
	return ctx, func() error {
		if first == nil {
			return nil
		}
		return stillKept(first)
	}
}

// renewing returns the context of an acquisition for somebody who is signed in.
func renewing(ctx context.Context) context.Context {
	a, _ := acquisition.From(ctx)
	a.Renewal = true
	return acquisition.With(ctx, a)
}

// departedElsewhere reports whether another process has signed who out since
// before was read.
func (p *Public) departedElsewhere(ctx context.Context, who public.Account, before []public.Account) bool {
	is := func(a public.Account) bool { return samePerson(a, who) }
	if p.kept == nil || !slices.ContainsFunc(before, is) {
		return false
	}
	after, err := p.cached(ctx)
	return err == nil && !slices.ContainsFunc(after, is)
}
