package msalcae_test

import (
	"context"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"strings"
	"sync"
	"testing"

	"github.com/msalcae/msalcae"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The contract of http.RoundTripper, clause by clause, for requests that are
// challenged and for those that are not.

func TestContractRequestUntouched(t *testing.T) {
	trailer := http.Header{"X-Sum": nil}
	values := []string{"a", "b"}
	req := request(t, "POST", "https://api.test/x?q=1#f", newBody("hello"))
	req.Header = http.Header{"X-Many": values, "Accept": {"*/*"}}
	req.Trailer = trailer
	req.Host = "virtual.test"
	before, headers := *req, req.Header.Clone()

	tr := &msalcae.Transport{Source: &tokens{}, Base: challengeOnce, Hosts: []string{"api.test"}}
	resp, err := tr.RoundTrip(req)
	require.NoError(t, err)
	assert.Equal(t, "hello", text(t, resp))
	assert.Equal(t, headers, req.Header, "header map")
	assert.Equal(t, http.Header{"X-Sum": nil}, trailer)
	assert.Same(t, before.URL, req.URL)
	after := *req
	after.Body, before.Body = nil, nil
	assert.Equal(t, before, after)
	assert.Same(t, req, resp.Request, "the copy holds the token")
}

// The body is closed exactly once, on every path.
func TestContractBodyClosed(t *testing.T) {
	failed := errors.New("failed")
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	// drop is a base that closes the body unread.
	drop := func(resp func(*http.Request) *http.Response, err error) http.RoundTripper {
		return base(func(req *http.Request) (*http.Response, error) {
			req.Body.Close()
			if err != nil {
				return nil, err
			}
			return resp(req), nil
		})
	}
	fine := func(req *http.Request) *http.Response { return respond(req, 200, "") }
	// refusing is a source that fails, from the start or when challenged.
	refusing := func(challenged bool) msalcae.TokenSource {
		return &tokens{answer: func(_ context.Context, req msalcae.TokenRequest) (*msalcae.Token, error) {
			if challenged == (req.Claims != "") {
				return nil, failed
			}
			return &msalcae.Token{Value: "t1"}, nil
		}}
	}
	secondFails := base(func(req *http.Request) (*http.Response, error) {
		if req.Header.Get("Authorization") == "Bearer t1" {
			return challengeOnce(req)
		}
		return nil, failed
	})
	for name, c := range map[string]struct {
		tr  *msalcae.Transport
		url string
		ctx context.Context
	}{
		"zero value":             {tr: &msalcae.Transport{}},
		"no hosts":               {tr: &msalcae.Transport{Source: struct{ msalcae.TokenSource }{&tokens{}}}},
		"bad hosts":              {tr: &msalcae.Transport{Source: &tokens{}, Hosts: []string{"https://x"}}},
		"plain http":             {tr: &msalcae.Transport{Source: &tokens{}}, url: "http://api.test/"},
		"context ended":          {tr: &msalcae.Transport{Source: &tokens{}}, ctx: ended},
		"no token":               {tr: &msalcae.Transport{Source: refusing(false)}},
		"sent":                   {tr: &msalcae.Transport{Source: &tokens{n: 1}, Base: drop(fine, nil)}},
		"send fails":             {tr: &msalcae.Transport{Source: &tokens{}, Base: drop(nil, failed)}},
		"send fails, unclosed":   {tr: &msalcae.Transport{Source: &tokens{}, Base: base(func(*http.Request) (*http.Response, error) { return nil, failed })}},
		"challenged, unread":     {tr: &msalcae.Transport{Source: &tokens{}, Base: drop(unauthorized, nil)}},
		"challenged, read":       {tr: &msalcae.Transport{Source: &tokens{}, Base: challengeOnce}},
		"challenge not answered": {tr: &msalcae.Transport{Source: refusing(true), Base: challengeOnce}},
		"challenged, not kept":   {tr: &msalcae.Transport{Source: &tokens{}, Base: challengeOnce, MaxReplayBody: -1}},
		"replay fails":           {tr: &msalcae.Transport{Source: &tokens{}, Base: secondFails}},
		"other host":             {tr: &msalcae.Transport{Source: &tokens{}, Base: drop(fine, nil)}, url: "https://other.test/"},
	} {
		for _, rewinds := range []bool{false, true} {
			t.Run(name+map[bool]string{true: " with GetBody"}[rewinds], func(t *testing.T) {
				if c.tr.Hosts == nil && name != "no hosts" {
					c.tr.Hosts = []string{"api.test"}
				}
				if c.url == "" {
					c.url = "https://api.test/"
				}
				b := newBody("hello")
				var copies []*body
				req := request(t, "POST", c.url, b)
				if rewinds {
					req.GetBody = func() (io.ReadCloser, error) {
						copies = append(copies, newBody("hello"))
						return copies[len(copies)-1], nil
					}
				}
				if c.ctx != nil {
					req = req.WithContext(c.ctx)
				}
				if s, ok := c.tr.Source.(*tokens); ok && s.answer == nil {
					s.n = 0 // the second run is challenged like the first
				}
				if resp, err := c.tr.RoundTrip(req); err == nil {
					resp.Body.Close()
				}
				assert.Equal(t, 1, b.closed(), "the caller's body")
				for _, b := range copies {
					if name != "replay fails" { // the base's duty
						assert.Equal(t, 1, b.closed(), "a body of GetBody")
					}
				}
			})
		}
	}
}

// A panic in Source or Base leaves no body open.
func TestContractPanics(t *testing.T) {
	for _, when := range []string{"first token", "first send", "second token", "second send"} {
		b := newBody("hello")
		tr := &msalcae.Transport{
			Hosts: []string{"api.test"},
			Source: &tokens{answer: func(_ context.Context, req msalcae.TokenRequest) (*msalcae.Token, error) {
				if (when == "first token" && req.Claims == "") || (when == "second token" && req.Claims != "") {
					panic(when)
				}
				return &msalcae.Token{Value: map[bool]string{true: "t1", false: "t2"}[req.Claims == ""]}, nil
			}},
			Base: base(func(req *http.Request) (*http.Response, error) {
				first := req.Header.Get("Authorization") == "Bearer t1"
				if (when == "first send" && first) || (when == "second send" && !first) {
					panic(when)
				}
				req.Body.Close()
				return unauthorized(req), nil
			}),
		}
		assert.PanicsWithValue(t, when, func() { tr.RoundTrip(request(t, "POST", "https://api.test/", b)) })
		assert.Equal(t, 1, b.closed(), when)
	}
}

// Many goroutines share one Transport while its tokens are refused in turn.
func TestContractConcurrentUse(t *testing.T) {
	a := newAPI(t, overHTTP2, "t1", "t2")
	a.handle = func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, r.URL.Path) }
	tr := a.transport(&tokens{})
	tr.Trace = &msalcae.Trace{
		Challenged: func(context.Context, msalcae.ChallengedInfo) {},
		Replayed:   func(context.Context, msalcae.ReplayedInfo) {},
	}
	client := tr.Client()
	var wg sync.WaitGroup
	for i := range 32 {
		wg.Go(func() {
			path := "/" + strings.Repeat("x", i)
			for range 4 {
				resp, err := client.Post(a.URL+path, "text/plain", io.MultiReader(strings.NewReader(path)))
				if !assert.NoError(t, err) {
					return
				}
				got, err := io.ReadAll(resp.Body)
				resp.Body.Close()
				assert.NoError(t, err)
				if resp.StatusCode == http.StatusOK {
					assert.Equal(t, path, string(got))
				}
			}
		})
	}
	wg.Wait()
	for _, c := range a.seen() {
		assert.Equal(t, c.URL.Path, c.body, "a body, first send or replay")
	}
}

// A challenge's body is read to its end, so that the replay and later calls
// find the connection again.
func TestContractConnectionReused(t *testing.T) {
	for name, start := range map[string]func(*httptest.Server){"h1": overTLS, "h2": overHTTP2} {
		t.Run(name, func(t *testing.T) {
			a := newAPI(t, start, "t1")
			var reused []bool
			ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{
				GotConn: func(info httptrace.GotConnInfo) { reused = append(reused, info.Reused) },
			})
			client := a.transport(&tokens{}).Client()
			for range 2 {
				req, err := http.NewRequestWithContext(ctx, "POST", a.URL, strings.NewReader("hello"))
				require.NoError(t, err)
				resp, err := client.Do(req)
				require.NoError(t, err)
				resp.Body.Close()
			}
			assert.Equal(t, []bool{false, true, true}, reused)
		})
	}
}

func TestContractIdleConnections(t *testing.T) {
	closed := 0
	tr := &msalcae.Transport{Source: &tokens{}, Base: idler{closed: &closed}}
	tr.Client().CloseIdleConnections()
	assert.Equal(t, 1, closed)
	(&msalcae.Transport{Base: challengeOnce}).CloseIdleConnections()
	(&msalcae.Transport{}).CloseIdleConnections()
	assert.NotSame(t, tr.Client(), tr.Client(), "each caller may configure its own")
}

type idler struct {
	base
	closed *int
}

func (i idler) CloseIdleConnections() { *i.closed++ }

// Whatever the second response is, it is the outcome, and its body is open.
func TestContractOneReplay(t *testing.T) {
	src := &tokens{}
	sends := 0
	tr := &msalcae.Transport{Source: src, Hosts: []string{"api.test"}, Base: base(func(req *http.Request) (*http.Response, error) {
		sends++
		return unauthorized(req), nil
	})}
	resp, err := tr.RoundTrip(request(t, "GET", "https://api.test/", nil))
	require.NoError(t, err)
	assert.Equal(t, http.StatusUnauthorized, resp.StatusCode)
	assert.Equal(t, `{"error":"challenged"}`, text(t, resp))
	assert.Equal(t, 2, sends)
	assert.Equal(t, []string{revoked}, src.claims())
}

// Headers of every number are sent with the token, and without a header map
// too.
func TestContractHeaders(t *testing.T) {
	for n := -1; n < 20; n++ {
		req := request(t, "GET", "https://api.test/", nil)
		req.Header = nil
		if n >= 0 {
			req.Header = http.Header{}
		}
		for i := range max(n, 0) {
			req.Header.Set("X-"+strings.Repeat("a", i+1), "v")
		}
		want := req.Header.Clone()
		tr := &msalcae.Transport{Source: &tokens{}, Hosts: []string{"api.test"}, Base: base(func(out *http.Request) (*http.Response, error) {
			assert.Equal(t, []string{"Bearer t1"}, out.Header["Authorization"])
			got := maps.Clone(out.Header)
			delete(got, "Authorization")
			assert.Equal(t, len(want), len(got))
			for k := range want {
				assert.Equal(t, want[k], got[k])
			}
			out.Header.Add("Authorization", "other") // spoils no later request
			return respond(out, 200, ""), nil
		})}
		for range 2 {
			_, err := tr.RoundTrip(req)
			require.NoError(t, err)
			assert.Equal(t, want, req.Header)
		}
	}
}
