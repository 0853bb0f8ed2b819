package tokensource

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"
	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"
	"github.com/msalcae/msalcae"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// warmed gives s a token that lives for an hour, as if Entra had issued it.
func warmed(s *Source) *Source {
	tok := &msalcae.Token{Value: "a token", ExpiresOn: time.Now().Add(time.Hour)}
	e := newEntry(tok, fingerprintOf(tok.Value), &flight{}, true)
	e.seen.Store(s.flow.voids.changes.Load())
	s.current.Store(e)
	return s
}

const graphDefault = "https://graph.microsoft.com/.default"

func warmClients(t testing.TB) (*Confidential, *Public) {
	cred, err := confidential.NewCredFromSecret("x")
	require.NoError(t, err)
	c, err := NewConfidential(ConfidentialConfig{Authority: "https://login.microsoftonline.com/contoso.test", ClientID: "id", Credential: cred})
	require.NoError(t, err)
	p, err := NewPublic(PublicConfig{Authority: "https://login.microsoftonline.com/organizations", ClientID: "id"})
	require.NoError(t, err)
	return c, p
}

func somebody(n int) public.Account {
	return public.Account{
		HomeAccountID:     fmt.Sprintf("%08x-0000-4000-8000-000000000000.72f988bf-86f1-41af-91ab-2d7cd011db47", n),
		Realm:             "72f988bf-86f1-41af-91ab-2d7cd011db47",
		PreferredUsername: fmt.Sprintf("person%d@contoso.test", n),
	}
}

// A handler that asks for its source and a token on every request leaves no
// garbage.
func TestWarmLookupAllocatesNothing(t *testing.T) {
	c, p := warmClients(t)
	assertion := strings.Repeat("a", 2<<10)
	for name, lookup := range map[string]func() *Source{
		"App":                 func() *Source { return c.App(graphDefault) },
		"App, several scopes": func() *Source { return c.App("User.Read", "Mail.Read") },
		"OnBehalfOf":          func() *Source { return c.OnBehalfOf(assertion, graphDefault) },
		"Account":             func() *Source { return p.Account(somebody(0), graphDefault) },
		"zero Account":        func() *Source { return p.Account(public.Account{}, graphDefault) },
	} {
		warmed(lookup())
		who := somebody(0)
		if name == "Account" {
			lookup = func() *Source { return p.Account(who, graphDefault) }
		}
		assert.Zero(t, testing.AllocsPerRun(1000, func() {
			if _, err := lookup().Token(t.Context(), msalcae.TokenRequest{}); err != nil {
				t.Error(err)
			}
		}), name)
	}
}

// The present is never later than what the clock says, and at most a second
// earlier; nobody pays for a clock that nobody asks.
func TestClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c clock
		for range 100 {
			now := time.Now()
			latest := time.Unix(0, c.latest())
			assert.False(t, latest.Before(now))
			assert.False(t, latest.After(now.Add(clockStep)))
			time.Sleep(70 * time.Millisecond)
		}
		time.Sleep(time.Hour)
		assert.Zero(t, c.ahead.Load())
	})
}

// To the nanosecond, a token is served as long as it is by the wall clock, and
// for as long as a caller wants it to live.
func TestWarmTokenEndsInTime(t *testing.T) {
	for _, ttl := range []time.Duration{0, sendMargin, time.Minute} {
		synctest.Test(t, func(t *testing.T) {
			s := warmed(New(func(context.Context, msalcae.TokenRequest) (*msalcae.Token, error) { return nil, interaction }))
			s.current.Load().refreshAt.Store(s.current.Load().usable + 1)
			last := time.Until(s.current.Load().tok.ExpiresOn) - max(ttl, sendMargin) - 1
			for s.flow.clock.latest(); last > 0; last -= 333 * time.Millisecond {
				_, err := s.Token(t.Context(), msalcae.TokenRequest{MinTTL: ttl})
				require.NoError(t, err)
				time.Sleep(min(last, 333*time.Millisecond))
			}
			e := s.current.Load()
			require.True(t, e.serves(time.Now().UnixNano(), ttl))
			require.False(t, e.serves(time.Now().UnixNano()+1, ttl))
			time.Sleep(time.Nanosecond)
			if ttl <= sendMargin {
				_, err := s.Token(t.Context(), msalcae.TokenRequest{MinTTL: ttl})
				require.Error(t, err)
			}
			time.Sleep(time.Minute)
		})
	}
}

// BenchmarkLookup finds an account's source among many and takes its token.
func BenchmarkLookup(b *testing.B) {
	for _, n := range []int{1, 1000, 100_000} {
		_, p := warmClients(b)
		people := make([]public.Account, n)
		for i := range people {
			people[i] = somebody(i)
			warmed(p.Account(people[i], graphDefault))
		}
		one := func(i int) {
			if _, err := p.Account(people[i%n], graphDefault).Token(b.Context(), msalcae.TokenRequest{}); err != nil {
				b.Error(err)
			}
		}
		b.Run(fmt.Sprint("accounts=", n), func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i += 7919 {
				one(i)
			}
		})
		b.Run(fmt.Sprint("parallel/accounts=", n), func(b *testing.B) {
			b.RunParallel(func(pb *testing.PB) {
				for i := 0; pb.Next(); i += 7919 {
					one(i)
				}
			})
		})
	}
}
