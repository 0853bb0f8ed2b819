package msalcae_test

import (
	"context"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/textproto"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/msalcae/msalcae"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// One client for two resources: a Transport whose Base is another. Each API
// gets its own token, and its own challenges are answered.
func TestNested(t *testing.T) {
	arm, graph, other := newAPI(t, overTLS, "arm1"), newAPI(t, overTLS, "graph1"), newAPI(t, overTLS)
	named := func(name string) msalcae.TokenSource {
		src := &tokens{}
		src.answer = func(_ context.Context, req msalcae.TokenRequest) (*msalcae.Token, error) {
			if req.Claims != "" {
				return &msalcae.Token{Value: name + "2"}, nil
			}
			return &msalcae.Token{Value: name + "1"}, nil
		}
		return src
	}
	inner := graph.transport(named("graph"))
	inner.Base = trusting(arm, graph, other)
	outer := arm.transport(named("arm"))
	outer.Base = inner
	client := outer.Client()
	for _, a := range []*api{arm, graph, other} {
		req, err := http.NewRequest("POST", a.URL, io.MultiReader(strings.NewReader("hello")))
		require.NoError(t, err)
		resp, err := client.Do(req)
		require.NoError(t, err)
		resp.Body.Close()
		assert.Equal(t, http.StatusNoContent, resp.StatusCode)
		assert.Same(t, req, resp.Request)
	}
	sent := func(a *api) (got []string) {
		for _, c := range a.seen() {
			got = append(got, c.token+" "+c.body)
		}
		return got
	}
	assert.Equal(t, []string{"arm1 hello", "arm2 hello"}, sent(arm))
	assert.Equal(t, []string{"graph1 hello", "graph2 hello"}, sent(graph))
	assert.Equal(t, []string{" hello"}, sent(other))
}

// A request that has an Authorization header keeps it, and what the API says
// to it is the caller's, a challenge included.
func TestAuthorizationIsKept(t *testing.T) {
	for _, value := range [][]string{{"Basic abc"}, {""}, nil} {
		src := &tokens{}
		req := request(t, "POST", "https://api.test/", newBody("hello"))
		req.Header["Authorization"] = value
		tr := &msalcae.Transport{Source: src, Hosts: []string{"api.test"}, Base: base(func(out *http.Request) (*http.Response, error) {
			assert.Same(t, req, out, "as it is")
			return unauthorized(out), nil
		})}
		resp, err := tr.RoundTrip(req)
		require.NoError(t, err)
		assert.Equal(t, 401, resp.StatusCode)
		assert.Equal(t, `{"error":"challenged"}`, text(t, resp))
		assert.Empty(t, src.asked)
		assert.Empty(t, src.refused)
	}
}

// An API that knows no claims challenges cannot tell a Transport from a plain
// client that sends the header, nor can the caller.
func TestAsIfNotThere(t *testing.T) {
	for proto, start := range protocols {
		t.Run(proto, func(t *testing.T) { testAsIfNotThere(t, start) })
	}
}

func testAsIfNotThere(t *testing.T, start func(*httptest.Server)) {
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		switch r.URL.Path {
		case "/trailer":
			w.Header().Set("Trailer", "X-Sum")
			w.Write(body)
			w.Header().Set("X-Sum", "42")
		case "/early":
			w.WriteHeader(http.StatusEarlyHints)
			w.Write(body)
		case "/404":
			http.Error(w, "gone", http.StatusNotFound)
		case "/401":
			w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
			http.Error(w, "who are you", http.StatusUnauthorized)
		case "/403":
			w.Header().Set("WWW-Authenticate", challengeFor(revoked)) // not a 401
			w.WriteHeader(http.StatusForbidden)
		case "/redirect":
			http.Redirect(w, r, "/echo", http.StatusPermanentRedirect)
		case "/abort":
			panic(http.ErrAbortHandler)
		case "/cut":
			w.Header().Set("Content-Length", "100")
			w.Write([]byte("short"))
		default:
			w.Header().Set("X-Saw", strings.Join(r.Header.Values("Accept-Encoding"), ",")+" "+r.Header.Get("Content-Length"))
			w.Write(append([]byte(r.Method+" "+r.Proto+" "), body...))
		}
	}))
	srv.Config.ErrorLog = log.New(io.Discard, "", 0)
	start(srv)
	defer srv.Close()
	host := strings.TrimPrefix(srv.URL, "https://")
	plain := &http.Client{Transport: withHeader{srv.Client().Transport}}
	ours := (&msalcae.Transport{Source: &tokens{}, Base: srv.Client().Transport, Hosts: []string{host}}).Client()

	type result struct {
		status, body, trailer, url string
		header                     http.Header
		length                     int64
		err, bodyErr               string
		hints                      int
	}
	do := func(client *http.Client, method, path string, body func() io.Reader) (r result) {
		ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{
			Got1xxResponse: func(int, textproto.MIMEHeader) error { r.hints++; return nil },
		})
		req, err := http.NewRequestWithContext(ctx, method, srv.URL+path, body())
		require.NoError(t, err)
		resp, err := client.Do(req)
		if err != nil {
			r.err = streamID.ReplaceAllString(err.Error(), "")
			return r
		}
		b, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil {
			r.bodyErr = streamID.ReplaceAllString(err.Error(), "")
		}
		resp.Header.Del("Date")
		r.status, r.body, r.header, r.length = resp.Status, string(b), resp.Header, resp.ContentLength
		r.trailer, r.url = resp.Trailer.Get("X-Sum"), resp.Request.URL.Path
		return r
	}
	for _, path := range []string{"/echo", "/trailer", "/early", "/404", "/401", "/403", "/redirect", "/abort", "/cut"} {
		for name, body := range map[string]func() io.Reader{
			"none":    func() io.Reader { return nil },
			"NoBody":  func() io.Reader { return http.NoBody },
			"known":   func() io.Reader { return strings.NewReader("hello") },
			"chunked": func() io.Reader { return io.MultiReader(strings.NewReader("hello")) },
			"empty":   func() io.Reader { return io.MultiReader() },
		} {
			for _, method := range []string{"GET", "POST"} {
				want := do(plain, method, path, body)
				assert.Equal(t, want, do(ours, method, path, body), "%s %s, body %s", method, path, name)
				assert.NotEqual(t, result{}, want)
			}
		}
	}
}

var streamID = regexp.MustCompile(`stream ID \d+`)

// withHeader is the least that a hand-written client does.
type withHeader struct{ http.RoundTripper }

func (h withHeader) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.Header.Set("Authorization", "Bearer t1")
	return h.RoundTripper.RoundTrip(req)
}

// The hooks of one answered challenge, in order.
func TestTrace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var events []any
		tr := &msalcae.Transport{Source: &tokens{}, Hosts: []string{"api.test"}, Trace: &msalcae.Trace{
			HostSkipped: func(_ context.Context, i msalcae.HostSkippedInfo) { events = append(events, i) },
			Challenged:  func(_ context.Context, i msalcae.ChallengedInfo) { events = append(events, i) },
			Replayed:    func(_ context.Context, i msalcae.ReplayedInfo) { events = append(events, i) },
		}, Base: base(func(req *http.Request) (*http.Response, error) {
			time.Sleep(time.Second)
			if req.Header.Get("Authorization") == "Bearer t1" {
				return unauthorized(req), nil
			}
			if req.URL.Path == "/fails" {
				return nil, io.ErrUnexpectedEOF
			}
			return respond(req, 202, ""), nil
		})}
		challenged := msalcae.ChallengedInfo{
			Method: "DELETE", Host: "api.test:443", Claims: revoked, Reason: "the session was revoked or the password changed",
		}
		_, err := tr.RoundTrip(request(t, "DELETE", "https://api.test:443/", nil))
		require.NoError(t, err)
		assert.Equal(t, []any{challenged, msalcae.ReplayedInfo{
			Method: "DELETE", Host: "api.test:443", Status: 202, Took: time.Second,
		}}, events)

		events, tr.Source = nil, &tokens{}
		_, err = tr.RoundTrip(request(t, "DELETE", "https://api.test:443/fails", nil))
		require.Equal(t, io.ErrUnexpectedEOF, err)
		assert.Equal(t, []any{challenged, msalcae.ReplayedInfo{
			Method: "DELETE", Host: "api.test:443", Took: time.Second, Err: io.ErrUnexpectedEOF,
		}}, events)
	})
}

// A challenge with all hooks nil is answered like any other.
func TestTraceNilHooks(t *testing.T) {
	tr := &msalcae.Transport{Source: &tokens{}, Base: challengeOnce, Hosts: []string{"api.test"}, Trace: &msalcae.Trace{}}
	for _, url := range []string{"https://api.test/", "https://other.test/"} {
		_, err := tr.RoundTrip(request(t, "GET", url, nil))
		require.NoError(t, err)
	}
}
