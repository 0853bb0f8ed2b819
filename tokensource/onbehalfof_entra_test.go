package tokensource_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"
	"github.com/msalcae/msalcae"
	"github.com/msalcae/msalcae/entratest"
	"github.com/msalcae/msalcae/tokensource"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A middleTier is an API that calls Graph as the person who called it.
type middleTier struct {
	entra
	app *tokensource.Confidential
	url string
}

// newMiddleTier serves it. What it cannot do for want of claims it relays.
func newMiddleTier(t testing.TB, e entra) *middleTier {
	t.Helper()
	m := &middleTier{entra: e, app: e.confidential()}
	srv := httptest.NewTLSServer(e.Protect(http.HandlerFunc(m.serve), "api://"+e.ClientID()))
	t.Cleanup(srv.Close)
	m.url = srv.URL
	e.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs.AddCert(srv.Certificate())
	return m
}

func (m *middleTier) serve(w http.ResponseWriter, r *http.Request) {
	assertion, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	resp, err := m.api(m.app.OnBehalfOf(assertion, m.Scope())).Get(m.API() + "/me")
	var challenge *msalcae.ChallengeError
	var answer *msalcae.Error
	switch {
	case err == nil:
		resp.Body.Close()
		w.WriteHeader(resp.StatusCode)
	case errors.Is(err, tokensource.ErrAssertionExpired):
		w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
		w.WriteHeader(http.StatusUnauthorized)
	case errors.Is(err, msalcae.ErrInteractionRequired):
		claims := ""
		if errors.As(err, &challenge) {
			claims = challenge.Claims
		}
		if errors.As(err, &answer) && answer.Claims != "" {
			claims = answer.Claims
		}
		w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer authorization_uri="%s/oauth2/v2.0/authorize", error="insufficient_claims", claims="%s"`,
			m.Authority(), base64.StdEncoding.EncodeToString([]byte(claims))))
		w.WriteHeader(http.StatusUnauthorized)
	default:
		http.Error(w, err.Error(), http.StatusBadGateway)
	}
}

// caller is a client of the middle tier, at which a person signs in.
func (m *middleTier) caller(username string) *http.Client {
	m.t.Helper()
	p := m.public(&tokensource.Browser{Open: m.NewBrowser(username).Open})
	return (&msalcae.Transport{Source: p.Account(public.Account{}, "api://"+m.ClientID()+"/access"), Base: m.Client().Transport,
		Hosts: []string{strings.TrimPrefix(m.url, "https://")}}).Client()
}

func (m *middleTier) call(c *http.Client) int {
	m.t.Helper()
	resp, err := c.Get(m.url)
	require.NoError(m.t, err)
	resp.Body.Close()
	return resp.StatusCode
}

func TestOnBehalfOfHealsAtEntra(t *testing.T) {
	e := newEntra(t)
	m := newMiddleTier(t, e)
	ada := m.caller(e.Username())
	require.Equal(t, 200, m.call(ada))
	before := e.Stats()
	require.Equal(t, 200, m.call(ada))
	assert.Zero(t, e.Stats().Sub(before).TokenRequests)

	// The policy moves: both tokens are challenged, and renewed silently.
	e.ChangePolicy(e.Username())
	require.Equal(t, 200, m.call(ada))
	d := e.Stats().Sub(before)
	assert.Zero(t, d.AuthorizeRequests)

	// The session is revoked: the person signs in, once.
	before = e.Stats()
	e.Revoke(e.Username())
	require.Equal(t, 200, m.call(ada))
	assert.Equal(t, 1, e.Stats().Sub(before).SignIns)
}

// Graph alone wants a second factor. What Entra asks for goes through the middle
// tier to the one who can give it, and the call succeeds.
func TestOnBehalfOfRelaysClaims(t *testing.T) {
	e := newEntra(t)
	m := newMiddleTier(t, e)
	ada := m.caller(e.Username())
	require.Equal(t, 200, m.call(ada))
	e.RequireAuthContextAt("/me", "c1")
	before := e.Stats()
	require.Equal(t, 200, m.call(ada))
	assert.Equal(t, 1, e.Stats().Sub(before).SignIns)
}

// While a step-up is refused nothing is stormed, and Entra's own words arrive.
func TestOnBehalfOfErrorAtEntra(t *testing.T) {
	e := newEntra(t)
	assertion := e.assertionOf(e.Username())
	source := e.confidential().OnBehalfOf(assertion, e.Scope())
	api := e.api(source)
	require.Equal(t, 200, e.get(api, "/me"))
	e.RequireAuthContext("c1")
	_, err := api.Get(e.API() + "/me")
	var answer *msalcae.Error
	require.ErrorAs(t, err, &answer)
	require.ErrorIs(t, err, msalcae.ErrInteractionRequired)
	assert.Equal(t, "basic_action", answer.Suberror)
	assert.Contains(t, answer.Claims, "capolids")
	before := e.Stats().TokenRequests
	for range 20 {
		_, err = api.Get(e.API() + "/me")
		require.ErrorIs(t, err, msalcae.ErrInteractionRequired)
	}
	assert.Equal(t, before, e.Stats().TokenRequests)
}

// assertionOf signs a person in to the middle tier and returns their token.
func (e entra) assertionOf(username string) string {
	e.t.Helper()
	p := e.public(&tokensource.Browser{Open: e.NewBrowser(username).Open})
	who, err := p.SignIn(testContext(e.t), "api://"+e.ClientID()+"/access")
	require.NoError(e.t, err)
	tok, err := p.Account(who, "api://"+e.ClientID()+"/access").Token(testContext(e.t), msalcae.TokenRequest{})
	require.NoError(e.t, err)
	return tok.Value
}

// assertionByPassword is assertionOf without a browser, which takes long for
// many.
func (e entra) assertionByPassword(username, password string) string {
	e.t.Helper()
	resp, err := e.Client().PostForm(e.Authority()+"/oauth2/v2.0/token", url.Values{"grant_type": {"password"}, "client_id": {e.PublicClientID()},
		"username": {username}, "password": {password}, "scope": {"api://" + e.ClientID() + "/access"},
		"claims": {`{"access_token":{"xms_cc":{"values":["cp1"]}}}`}})
	require.NoError(e.t, err)
	var answer struct {
		AccessToken string `json:"access_token"`
	}
	require.NoError(e.t, json.Unmarshal([]byte(bodyOf(e.t, resp)), &answer))
	require.NotEmpty(e.t, answer.AccessToken)
	return answer.AccessToken
}

func bodyOf(t testing.TB, resp *http.Response) string {
	t.Helper()
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return string(body)
}

// A crowd at once, over sockets, and a thousand in memory: one exchange for each,
// everybody is themselves, and a change of policy for all of them costs one
// request each.
func TestOnBehalfOfCrowdAtEntra(t *testing.T) {
	t.Run("sockets", func(t *testing.T) { crowdOnBehalf(t, newEntra(t), 100) })
	t.Run("memory", func(t *testing.T) { inBubble(t, func(t *testing.T, e entra) { crowdOnBehalf(t, e, 1000) }) })
}

func crowdOnBehalf(t *testing.T, e entra, people int) {
	c := e.confidential()
	assertions := make([]string, people)
	var wg sync.WaitGroup
	signIn := make(chan int)
	for range 8 {
		wg.Go(func() {
			for p := range signIn {
				assertions[p] = e.assertionByPassword(fmt.Sprintf("person-%d@contoso.test", p), "p")
			}
		})
	}
	for p := range people {
		e.AddUser(entratest.User{Username: fmt.Sprintf("person-%d@contoso.test", p), Password: "p"})
		signIn <- p
	}
	close(signIn)
	wg.Wait()
	round := func() {
		for p := range people {
			wg.Go(func() {
				resp, err := e.api(c.OnBehalfOf(assertions[p], e.Scope())).Get(e.API() + "/me")
				if !assert.NoError(t, err) {
					return
				}
				assert.Contains(t, bodyOf(t, resp), fmt.Sprintf(`"person-%d@contoso.test"`, p))
			})
		}
		wg.Wait()
	}
	before, memory := e.Stats(), tokensource.Heap()
	round()
	assert.Equal(t, people, e.Stats().Sub(before).TokenRequests)
	t.Logf("%d people: %d KiB each, with the server's part of it", people, (tokensource.Heap()-memory)/int64(people)>>10)
	before = e.Stats()
	for p := range people {
		e.ChangePolicy(fmt.Sprintf("person-%d@contoso.test", p))
	}
	round()
	round()
	d := e.Stats().Sub(before)
	assert.Equal(t, people, d.Challenges)
	assert.Equal(t, people, d.TokenRequests)
}
