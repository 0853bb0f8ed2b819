package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/cache"
	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"
	"github.com/msalcae/msalcae"
	"github.com/msalcae/msalcae/tokensource"
)

// accounts looks up the sources of many people and takes their tokens, as a
// handler does: of everybody in an order that no cache of the processor foresees,
// and of a hundred who come again and again. The floor is a map of atomic token
// pointers.
func accounts(r *report, s settings) {
	s.rounds = min(s.rounds, 9) // to collect the garbage of a crowd takes a while
	for _, n := range []int{1, 1000, 100_000} {
		people, source, bytes := crowd(n)
		type key struct{ home, realm, scope string }
		table := make(map[key]*atomic.Pointer[msalcae.Token], n)
		for _, a := range people {
			tok := new(atomic.Pointer[msalcae.Token])
			tok.Store(&msalcae.Token{Value: "token", ExpiresOn: time.Now().Add(time.Hour)})
			table[key{a.HomeAccountID, a.Realm, scope}] = tok
		}
		look := func(who string, next func(*int) public.Account) {
			var i, j int
			name := "a map of tokens, " + who
			results := measure(s, 1, []subject{
				{name, func() {
					a := next(&i)
					if table[key{a.HomeAccountID, a.Realm, scope}].Load() == nil {
						panic("no token")
					}
				}},
				{"**msalcae**, " + who + ": Account and Token", func() {
					_, err := source(next(&j)).Token(context.Background(), msalcae.TokenRequest{})
					must(err)
				}},
			})
			r.results(results, "", name, "")
		}
		look(fmt.Sprintf("%d people", n), func(i *int) public.Account {
			*i += 7919
			return people[*i%n]
		})
		if n > 1000 {
			look(fmt.Sprintf("100 of %d people", n), func(i *int) public.Account {
				*i++
				return people[*i%100*(n/100)]
			})
		}
		if n > 1 {
			r.row("memory for each besides its token and MSAL's", fmt.Sprintf("%d B", bytes))
		}
	}
	assertions(r, s)
}

// assertions looks up the source of an assertion and takes its token. The floor
// is the assertion's hash.
func assertions(r *report, s settings) {
	client, assertion := newConfidential(&sts{}), idToken(strings.Repeat("ada", 400)) // 2 KiB, as Entra's are
	ours := func() {
		_, err := client.OnBehalfOf(assertion, scope).Token(context.Background(), msalcae.TokenRequest{})
		must(err)
	}
	ours()
	bytes, none := []byte(assertion), [sha256.Size]byte{}
	const name = "SHA-256 of an assertion"
	r.results(measure(s, 1, []subject{
		{name, func() {
			if sha256.Sum256(bytes) == none {
				panic("no hash")
			}
		}},
		{"**msalcae**: OnBehalfOf and Token", ours},
	}), "", name, "")
}

// crowd is a client with the sources of n people, all with tokens, and what one
// source costs besides its token.
func crowd(n int) (people []public.Account, source func(public.Account) *tokensource.Source, bytes int64) {
	var cache onePerson
	client, err := public.New("bench", public.WithAuthority(authority), public.WithHTTPClient(&http.Client{Transport: &sts{}}),
		public.WithInstanceDiscovery(false), public.WithClientCapabilities([]string{"cp1"}), public.WithCache(&cache))
	must(err)
	//lint:ignore SA1019 it is the one flow that fills a public client's cache without a browser
	ada, err := client.AcquireTokenByUsernamePassword(context.Background(), []string{scope}, "ada@contoso.test", "password")
	must(err)
	p := tokensource.WrapPublic(client, nil)
	source = func(a public.Account) *tokensource.Source { return p.Account(a, scope) }
	people = make([]public.Account, n)
	for i := range people {
		people[i] = ada.Account
		people[i].HomeAccountID = fmt.Sprintf("%08x-86f1-41af-91ab-2d7cd011db47.%s", i, tenant)
	}
	cache.template, cache.home = cache.kept, ada.Account.HomeAccountID
	all := heap(func() {
		for _, a := range people {
			cache.now = a.HomeAccountID
			_, err := source(a).Token(context.Background(), msalcae.TokenRequest{})
			must(err)
		}
	})
	tokens := make([]*msalcae.Token, n)
	alone := heap(func() {
		for i := range tokens {
			tokens[i] = &msalcae.Token{Value: strings.Clone(ada.AccessToken)}
		}
	})
	runtime.KeepAlive(tokens)
	return people, source, (all - alone) / int64(n)
}

// heap returns what f leaves on the heap.
func heap(f func()) int64 {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	f()
	runtime.GC()
	runtime.ReadMemStats(&after)
	return int64(after.HeapAlloc) - int64(before.HeapAlloc)
}

// onePerson is MSAL's cache with nobody in it but the person whose turn it is.
// MSAL goes through all it has on every call, which takes minutes for a crowd.
type onePerson struct {
	kept, template string
	home, now      string
}

func (c *onePerson) Replace(_ context.Context, u cache.Unmarshaler, _ cache.ReplaceHints) error {
	if c.template == "" {
		return nil
	}
	return u.Unmarshal([]byte(strings.ReplaceAll(c.template, c.home, c.now)))
}

func (c *onePerson) Export(_ context.Context, m cache.Marshaler, _ cache.ExportHints) error {
	b, err := m.Marshal()
	c.kept = string(b)
	return err
}
