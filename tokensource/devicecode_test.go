package tokensource_test

import (
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"
	"github.com/msalcae/msalcae/entratest"
	"github.com/msalcae/msalcae/tokensource"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// inBubble runs a test against an Entra in memory, on a clock that nobody has
// to wait for.
func inBubble(t *testing.T, test func(t *testing.T, e entra)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := entratest.NewMemoryServer()
		defer s.Close()
		test(t, entra{Server: s, t: t})
	})
}

// A terminal is where a person reads what to do, and after a while does it.
type terminal struct {
	act   func(page, code string) error // nil: never
	after time.Duration

	mu     sync.Mutex
	text   strings.Builder
	writes int
	people sync.WaitGroup
}

func newTerminal(t *testing.T, act func(page, code string) error, after time.Duration) *terminal {
	o := &terminal{act: act, after: after}
	t.Cleanup(o.people.Wait)
	return o
}

var pageAndCode = regexp.MustCompile(`page (\S+) and enter the code (\S+) to`)

func (o *terminal) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.writes++
	o.text.Write(p)
	if m := pageAndCode.FindSubmatch(p); m != nil && o.act != nil {
		o.people.Go(func() {
			time.Sleep(o.after)
			if err := o.act(string(m[1]), string(m[2])); err != nil {
				panic(err)
			}
		})
	}
	return len(p), nil
}

func (o *terminal) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

func (o *terminal) clear() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.text.Reset()
}

// pollTimes are when the tokens for device codes were asked for, counted from
// when the first code was.
func pollTimes(e entra) (at []time.Duration) {
	start := e.Requests(entratest.DeviceEndpoint)[0].Time
	for _, r := range e.Requests(entratest.TokenEndpoint) {
		if r.Grant == "device_code" {
			at = append(at, r.Time.Sub(start).Round(time.Second))
		}
	}
	return at
}

func seconds(n ...int) (d []time.Duration) {
	for _, n := range n {
		d = append(d, time.Duration(n)*time.Second)
	}
	return d
}

// Signed in by a code; then a policy asks for more, and the claims are on both
// requests.
func TestDeviceCode(t *testing.T) {
	inBubble(t, func(t *testing.T, e entra) {
		out := newTerminal(t, e.EnterCode, 12*time.Second)
		p := e.public(&tokensource.DeviceCode{Out: out})
		source := p.Account(public.Account{}, e.Scope())
		api := e.api(source)
		require.Equal(t, 200, e.get(api, "/me"))
		assert.Regexp(t, `^To sign in, use a web browser to open the page https://\S+ and enter the code \w+ to authenticate\.\n$`, out.String())
		assert.Equal(t, 1, out.writes)
		assert.Equal(t, seconds(5, 10, 15), pollTimes(e), "the interval that Entra gave")

		out.clear()
		e.RequireAuthContext("c1")
		require.Equal(t, 200, e.get(api, "/me"))
		assert.Contains(t, out.String(), "You have to sign in again: sign-in must satisfy authentication context c1.\n")
		assert.Contains(t, out.String(), "Sign in as "+e.Username()+".\n")
		const want = `{"access_token":{"acrs":{"essential":true,"value":"c1"},"xms_cc":{"values":["cp1"]}}}`
		codes, polls := e.Requests(entratest.DeviceEndpoint), e.Requests(entratest.TokenEndpoint)
		assert.JSONEq(t, want, codes[len(codes)-1].Claims)
		assert.JSONEq(t, want, polls[len(polls)-1].Claims)

		all, err := p.Accounts(t.Context())
		require.NoError(t, err)
		require.Len(t, all, 1)
		e.ChangePolicy(e.Username())
		out.clear()
		require.Equal(t, 200, e.get(api, "/me"))
		assert.Empty(t, out.String(), "MSAL has a refresh token")
	})
}

// The interval is kept whoever built the client, and grows when Entra says so
// to ours.
func TestDeviceCodeInterval(t *testing.T) {
	for name, connect := range map[string]func(e entra, prompt tokensource.Prompt) *tokensource.Public{
		"built": func(e entra, prompt tokensource.Prompt) *tokensource.Public { return e.public(prompt) },
		"wrapped": func(e entra, prompt tokensource.Prompt) *tokensource.Public {
			return tokensource.WrapPublic(e.rawPublic(), prompt)
		},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, e entra) {
				e.SetDeviceCodes(entratest.DeviceCodes{Interval: 20 * time.Second, SlowDown: true})
				out := newTerminal(t, e.EnterCode, 50*time.Second)
				_, err := connect(e, &tokensource.DeviceCode{Out: out}).SignIn(t.Context(), e.Scope())
				require.NoError(t, err)
				assert.Equal(t, seconds(20, 40, 60), pollTimes(e))
				for _, r := range e.Requests(entratest.TokenEndpoint) {
					assert.NotEqual(t, "slow_down", r.Error)
				}
			})
		})
	}
	inBubble(t, func(t *testing.T, e entra) {
		e.FailToken(2, entratest.Fault{AADSTS: 70016, OAuthError: "slow_down"})
		out := newTerminal(t, e.EnterCode, 12*time.Second)
		_, err := e.public(&tokensource.DeviceCode{Out: out}).SignIn(t.Context(), e.Scope())
		require.NoError(t, err)
		assert.Equal(t, seconds(5, 5+10, 5+10+15), pollTimes(e), "5 s more each time")
	})
}

// What passes is waited for: Entra without time, a connection that breaks, one
// on which nothing comes.
func TestDeviceCodeOutlivesTrouble(t *testing.T) {
	for name, c := range map[string]struct {
		fault entratest.Fault
		polls []time.Duration
	}{
		"throttled":   {entratest.Fault{Status: 429, Header: http.Header{"Retry-After": {"30"}}}, seconds(5, 35, 65, 75)},
		"busy":        {entratest.Fault{Status: 503}, seconds(5, 15, 30, 50)},
		"broken":      {entratest.Fault{Status: 500, Body: "<html>"}, seconds(5, 15, 30, 50)},
		"cut off":     {entratest.Fault{Drop: true}, seconds(5, 15, 30, 50)},
		"no answer":   {entratest.Fault{Hang: true}, seconds(5, 45, 90, 110)},
		"half of one": {entratest.Fault{AADSTS: 70016, Truncate: true}, seconds(5, 15, 30, 50)},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, e entra) {
				e.FailToken(2, c.fault)
				out := newTerminal(t, e.EnterCode, 40*time.Second)
				_, err := e.public(&tokensource.DeviceCode{Out: out}).SignIn(t.Context(), e.Scope())
				require.NoError(t, err)
				assert.Equal(t, c.polls[:3], pollTimes(e)[:3])
			})
		})
	}
	inBubble(t, func(t *testing.T, e entra) {
		e.Fail(entratest.DeviceEndpoint, 2, entratest.Fault{Status: 503, Header: http.Header{"Retry-After": {"2"}}})
		out := newTerminal(t, e.EnterCode, 0)
		_, err := e.public(&tokensource.DeviceCode{Out: out}).SignIn(t.Context(), e.Scope())
		require.NoError(t, err)
		assert.Len(t, e.Requests(entratest.DeviceEndpoint), 3)
	})
}
