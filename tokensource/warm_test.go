package tokensource

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"
	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"
	"github.com/msalcae/msalcae"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// warmed gives s a token that lives for an hour, as if Entra had issued it.
func warmed(s *Source) *Source {
	s.engine.Adopt(&msalcae.Token{Value: "a token", ExpiresOn: time.Now().Add(time.Hour)}, "")
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
