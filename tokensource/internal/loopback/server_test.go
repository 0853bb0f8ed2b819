package loopback

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// startServer starts a Server that leads to Entra, and closes it at the end.
func startServer(t testing.TB) *Server {
	t.Helper()
	s, err := Start(Redirect{host: "localhost"})
	require.NoError(t, err)
	s.Lead("https://login.contoso.test/authorize?state=" + s.state)
	t.Cleanup(s.Close)
	return s
}

// visit sends one request as a browser would, and follows no redirect.
func visit(t testing.TB, method, url, body string, header ...string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequest(method, url, strings.NewReader(body))
	require.NoError(t, err)
	if body != "" {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
		if header[i] == "Host" {
			req.Host = header[i+1]
		}
	}
	client := http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Timeout:       10 * time.Second,
	}
	resp, err := client.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp, string(b)
}

func form(pairs ...string) string {
	v := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
	}
	return v.Encode()
}

func TestServerLeadsToEntra(t *testing.T) {
	c := startServer(t)
	assert.Less(t, len(c.Page()), 50, "short enough for any opener and process list")
	for range 2 { // a reload does no harm
		resp, _ := visit(t, http.MethodGet, c.Page(), "")
		assert.Equal(t, http.StatusFound, resp.StatusCode)
		assert.Equal(t, *c.target.Load(), resp.Header.Get("Location"))
		assert.Equal(t, "no-store", resp.Header.Get("Cache-Control"))
		assert.Equal(t, "no-referrer", resp.Header.Get("Referrer-Policy"))
	}
}

// What is not the answer is answered, and the sign-in goes on.
func TestServerSurvives(t *testing.T) {
	c := startServer(t)
	at := c.redirect.origin()
	for _, s := range []struct {
		name, method, path, body string
		header                   []string
		status                   int
	}{
		{name: "favicon", method: "GET", path: "/favicon.ico", status: 404},
		{name: "stray GET", method: "GET", path: "/", status: 405},
		{name: "code in a GET", method: "GET", path: "/?code=x&state=" + c.state, status: 405},
		{name: "HEAD", method: "HEAD", path: "/", status: 405},
		{name: "PUT", method: "PUT", path: "/", body: form("state", c.state, "code", "x"), status: 405},
		{name: "preflight", method: "OPTIONS", path: "/", status: 204},
		{name: "empty POST", method: "POST", path: "/", status: 400},
		{name: "no state", method: "POST", path: "/", body: form("code", "x"), status: 400},
		{name: "wrong state", method: "POST", path: "/", body: form("code", "x", "state", "WRONG"), status: 400},
		{name: "forged error", method: "POST", path: "/", body: form("error", "access_denied", "state", "WRONG"), status: 400},
		{name: "state in the query", method: "POST", path: "/?state=" + c.state, body: form("code", "x"), status: 400},
		{name: "another content type", method: "POST", path: "/", body: form("code", "x", "state", c.state), header: []string{"Content-Type", "text/plain"}, status: 400},
		{name: "too large", method: "POST", path: "/", body: form("state", c.state, "x", strings.Repeat("x", maxForm)), status: 400},
		{name: "another path", method: "POST", path: "/x", body: form("code", "x", "state", c.state), status: 404},
		{name: "another host", method: "POST", path: "/", body: form("code", "x", "state", c.state), header: []string{"Host", "evil.test"}, status: 421},
		{name: "host without port", method: "GET", path: c.start, header: []string{"Host", "localhost"}, status: 421},
		{name: "rebound start", method: "GET", path: c.start, header: []string{"Host", "evil.test:" + strings.TrimPrefix(at, "http://localhost:")}, status: 421},
	} {
		resp, body := visit(t, s.method, at+s.path, s.body, s.header...)
		assert.Equal(t, s.status, resp.StatusCode, s.name)
		assert.NotContains(t, body, c.state, s.name)
		assert.Equal(t, "no-store", resp.Header.Get("Cache-Control"), s.name)
	}
	select {
	case <-c.answers:
		t.Fatal("one of them counted as an answer")
	default:
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		visit(t, http.MethodPost, at+"/", form("code", "the-code", "state", c.state))
	}()
	assert.Equal(t, "the-code", (<-c.answers).Get("code"))
	c.Show(context.Background(), SignedIn("ada"))
	<-done
}

// Of several right answers the first counts; all see how it went.
func TestServerDoubleSubmit(t *testing.T) {
	c := startServer(t)
	pages := make(chan string, 2)
	for range 2 {
		go func() {
			_, body := visit(t, http.MethodPost, c.redirect.origin(), form("code", "x", "state", c.state))
			pages <- body
		}()
	}
	<-c.answers
	c.Show(context.Background(), SignedIn("<b>ada</b>"))
	for range cap(pages) {
		assert.Contains(t, <-pages, "signed in as &lt;b&gt;ada&lt;/b&gt;")
	}
	assert.Empty(t, c.answers)
}

// A program may end as soon as it has shown how it went, even before net/http
// is done with the answer. A browser that has half of a page loads it forever.
func TestServerEndsAfterTheWholePage(t *testing.T) {
	c := newServer(Redirect{host: "localhost"})
	closed := make(chan struct{})
	site := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.ServeHTTP(w, r)
		<-closed
	}))
	site.Config.SetKeepAlivesEnabled(false)
	site.Start()
	defer site.Close()
	c.redirect.port = site.Listener.Addr().(*net.TCPAddr).Port
	page := make(chan string, 1)
	go func() {
		defer close(page)
		_, body := visit(t, http.MethodPost, c.redirect.origin(), form("code", "x", "state", c.state), "Host", strings.TrimPrefix(c.redirect.origin(), "http://"))
		page <- body
	}()
	<-c.answers
	c.Show(t.Context(), SignedIn("ada"))
	_ = site.Config.Close()
	close(closed)
	assert.True(t, strings.HasSuffix(<-page, "</html>\n"))
}

// slowTab takes its time to read a page.
type slowTab struct {
	*httptest.ResponseRecorder
	each time.Duration
}

func (s slowTab) Write(p []byte) (int, error) {
	time.Sleep(s.each)
	return s.ResponseRecorder.Write(p)
}

// Whoever posts twice looks at the page that comes last. Nobody is waited for
// long, and not at all who has left.
func TestServerWaitsForEveryTab(t *testing.T) {
	ended, end := context.WithCancel(context.Background())
	end()
	for _, s := range []struct {
		name  string
		ctx   context.Context // of Show
		tabs  []time.Duration // how slow
		left  bool            // they were closed
		whole bool
		takes time.Duration
	}{
		{name: "nobody", ctx: context.Background()},
		{name: "two tabs", ctx: context.Background(), tabs: []time.Duration{0, time.Second}, whole: true, takes: time.Second},
		{name: "asleep", ctx: context.Background(), tabs: []time.Duration{time.Minute}, takes: 2 * time.Second},
		{name: "nobody waits in the program", ctx: ended, tabs: []time.Duration{time.Minute}, takes: 100 * time.Millisecond},
		{name: "left", ctx: context.Background(), tabs: []time.Duration{time.Minute}, left: true},
	} {
		t.Run(s.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newServer(Redirect{host: "localhost", port: 8400})
				ctx, leave := context.WithCancel(t.Context())
				defer leave()
				var tabs []slowTab
				for _, slow := range s.tabs {
					tab := slowTab{httptest.NewRecorder(), slow}
					tabs = append(tabs, tab)
					req := httptest.NewRequest(http.MethodPost, c.RedirectURI()+"/", strings.NewReader(form("code", "x", "state", c.state)))
					req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
					go c.ServeHTTP(tab, req.WithContext(ctx))
				}
				synctest.Wait()
				if s.left {
					leave()
					synctest.Wait()
				}
				start := time.Now()
				c.Show(s.ctx, SignedIn("ada"))
				assert.Equal(t, s.takes, time.Since(start))
				if s.whole {
					for _, tab := range tabs {
						assert.True(t, tab.Flushed)
						assert.True(t, strings.HasSuffix(tab.Body.String(), "</html>\n"))
					}
				}
				time.Sleep(time.Hour) // until the slowest tab is done
			})
		})
	}
}

func TestServerPreflight(t *testing.T) {
	c := startServer(t)
	resp, _ := visit(t, http.MethodOptions, c.redirect.origin(), "", "Origin", "https://login.contoso.test", "Access-Control-Request-Private-Network", "true")
	assert.Equal(t, "true", resp.Header.Get("Access-Control-Allow-Private-Network"))
	assert.Equal(t, "https://login.contoso.test", resp.Header.Get("Access-Control-Allow-Origin"))
	resp, _ = visit(t, http.MethodOptions, c.redirect.origin(), "", "Origin", "https://evil.test")
	assert.Empty(t, resp.Header.Get("Access-Control-Allow-Origin"))
}

// A client that never finishes its request holds nothing up.
func TestServerEndsWithSlowClients(t *testing.T) {
	c := startServer(t)
	for _, sent := range []string{"", "GET / HTTP/1.1\r\n", "POST / HTTP/1.1\r\nHost: " + strings.TrimPrefix(c.redirect.origin(), "http://") +
		"\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000\r\n\r\nstate="} {
		conn, err := net.Dial("tcp", strings.TrimPrefix(c.redirect.origin(), "http://"))
		require.NoError(t, err)
		defer conn.Close()
		_, err = io.WriteString(conn, sent)
		require.NoError(t, err)
	}
	start := time.Now()
	c.Show(context.Background(), GivenUp)
	c.Close()
	assert.Less(t, time.Since(start), time.Second)
}

// The port that browsers leave out, and no other.
func TestServerHosts(t *testing.T) {
	for port, hosts := range map[int]map[string]bool{
		80: {"localhost": true, "localhost:80": true, "127.0.0.1": true, "[::1]": true, "[::1]:80": true,
			"localhost:8080": false, "evil.test": false, "evil.test:80": false, "": false, "::1": false},
		8400: {"localhost:8400": true, "[::1]:8400": true, "localhost": false, "localhost:80": false, "localhost:": false, "LOCALHOST.evil.test:8400": false},
	} {
		s := &Server{redirect: Redirect{host: "localhost", port: port}}
		for host, want := range hosts {
			assert.Equal(t, want, s.ours(host), "%q at %d", host, port)
		}
	}
}

// A path arrives as it was registered, in whatever characters.
func TestServerPaths(t *testing.T) {
	for _, path := range []string{"", "/", "/signed-in", "/a%20b/%C3%BC%2Fc", "/a+b;c=d"} {
		where, err := ParseRedirect("http://localhost" + path)
		require.NoError(t, err)
		s, err := Start(where)
		require.NoError(t, err)
		assert.True(t, strings.HasSuffix(s.RedirectURI(), path))
		go func() {
			<-s.Answer()
			s.Show(context.Background(), SignedIn("ada"))
		}()
		resp, body := visit(t, http.MethodPost, s.RedirectURI(), form("code", "x", "state", s.State()))
		assert.Equal(t, http.StatusOK, resp.StatusCode, path)
		assert.Contains(t, body, "signed in as ada")
		s.Close()
	}
}
