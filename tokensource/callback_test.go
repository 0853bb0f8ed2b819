package tokensource

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/msalcae/msalcae"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// startCallback serves a callback that leads to Entra, and closes it at the end.
func startCallback(t testing.TB) *callback {
	t.Helper()
	where := redirect{host: "localhost"}
	listeners, err := where.listen()
	require.NoError(t, err)
	c := newCallback(where)
	c.lead("https://login.contoso.test/authorize?state=" + c.state)
	c.serve(listeners)
	t.Cleanup(c.close)
	return c
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

func TestCallbackLeadsToEntra(t *testing.T) {
	c := startCallback(t)
	assert.Less(t, len(c.redirect.origin()+c.start), 50, "short enough for any opener and process list")
	for range 2 { // a reload does no harm
		resp, _ := visit(t, http.MethodGet, c.redirect.origin()+c.start, "")
		assert.Equal(t, http.StatusFound, resp.StatusCode)
		assert.Equal(t, *c.target.Load(), resp.Header.Get("Location"))
		assert.Equal(t, "no-store", resp.Header.Get("Cache-Control"))
		assert.Equal(t, "no-referrer", resp.Header.Get("Referrer-Policy"))
	}
}

// What is not the answer is answered, and the sign-in goes on.
func TestCallbackSurvives(t *testing.T) {
	c := startCallback(t)
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
	c.show(context.Background(), pageSignedIn("ada"))
	<-done
}

// Of several right answers the first counts; all see how it went.
func TestCallbackDoubleSubmit(t *testing.T) {
	c := startCallback(t)
	pages := make(chan string, 2)
	for range 2 {
		go func() {
			_, body := visit(t, http.MethodPost, c.redirect.origin(), form("code", "x", "state", c.state))
			pages <- body
		}()
	}
	<-c.answers
	c.show(context.Background(), pageSignedIn("<b>ada</b>"))
	for range cap(pages) {
		assert.Contains(t, <-pages, "signed in as &lt;b&gt;ada&lt;/b&gt;")
	}
	assert.Empty(t, c.answers)
}

func TestCallbackPreflight(t *testing.T) {
	c := startCallback(t)
	resp, _ := visit(t, http.MethodOptions, c.redirect.origin(), "", "Origin", "https://login.contoso.test", "Access-Control-Request-Private-Network", "true")
	assert.Equal(t, "true", resp.Header.Get("Access-Control-Allow-Private-Network"))
	assert.Equal(t, "https://login.contoso.test", resp.Header.Get("Access-Control-Allow-Origin"))
	resp, _ = visit(t, http.MethodOptions, c.redirect.origin(), "", "Origin", "https://evil.test")
	assert.Empty(t, resp.Header.Get("Access-Control-Allow-Origin"))
}

// A client that never finishes its request holds nothing up.
func TestCallbackEndsWithSlowClients(t *testing.T) {
	c := startCallback(t)
	for _, sent := range []string{"", "GET / HTTP/1.1\r\n", "POST / HTTP/1.1\r\nHost: " + strings.TrimPrefix(c.redirect.origin(), "http://") +
		"\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000\r\n\r\nstate="} {
		conn, err := net.Dial("tcp", strings.TrimPrefix(c.redirect.origin(), "http://"))
		require.NoError(t, err)
		defer conn.Close()
		_, err = io.WriteString(conn, sent)
		require.NoError(t, err)
	}
	start := time.Now()
	c.show(context.Background(), pageGivenUp)
	c.close()
	assert.Less(t, time.Since(start), time.Second)
}

// localhost is both addresses; a program that sits on one of them must not be
// sent the code.
func TestListenBoth(t *testing.T) {
	if !has("tcp6", "[::1]:0") {
		where := redirect{host: "localhost"}
		ls, err := where.listen()
		require.NoError(t, err)
		require.Len(t, ls, 1)
		ls[0].Close()
		return
	}
	squatter, err := net.Listen("tcp6", "[::1]:0")
	require.NoError(t, err)
	defer squatter.Close()
	port := squatter.Addr().(*net.TCPAddr).Port
	where := redirect{host: "localhost", port: port}
	_, err = where.listen()
	require.ErrorContains(t, err, "RedirectURI cannot be listened at")
	l, err := net.Listen("tcp4", net.JoinHostPort("127.0.0.1", strings.Split(squatter.Addr().String(), "]:")[1]))
	require.NoError(t, err, "nothing is left open")
	l.Close()

	where = redirect{host: "localhost"}
	ls, err := where.listen()
	require.NoError(t, err)
	require.Len(t, ls, 2)
	for _, l := range ls {
		assert.Equal(t, where.port, l.Addr().(*net.TCPAddr).Port)
		l.Close()
	}
}

func TestParseRedirect(t *testing.T) {
	for in, want := range map[string]redirect{
		"":                             {host: "localhost"},
		"http://localhost":             {host: "localhost"},
		"http://localhost/":            {host: "localhost", path: "/"},
		"http://LocalHost:8400/signed": {host: "localhost", port: 8400, path: "/signed"},
		"http://127.0.0.1":             {host: "127.0.0.1"},
		"http://[::1]:1":               {host: "::1", port: 1},
	} {
		got, err := parseRedirect(in)
		require.NoError(t, err, in)
		assert.Equal(t, want, got, in)
	}
	for _, bad := range []string{"https://localhost", "http://contoso.test", "http://localhost:0", "http://localhost:70000", "http://localhost?x", "http://u@localhost",
		"http://127.0.0.2", "msal://auth", "localhost", "http://localhost\x7f"} {
		_, err := parseRedirect(bad)
		assert.ErrorIs(t, err, msalcae.ErrMisconfigured, bad)
	}
	assert.Equal(t, "http://[::1]:8400/x", redirect{"::1", 8400, "/x"}.uri())
}

func TestCodeOf(t *testing.T) {
	code, err := codeOf(url.Values{"code": {"x"}})
	require.NoError(t, err)
	assert.Equal(t, "x", code)

	_, err = codeOf(url.Values{"error": {"access_denied"}, "error_description": {"AADSTS65004: User declined\r\nTrace ID: 1\r\nCorrelation ID: 99999999-0000-4000-8000-000000000009\r\n"}})
	var e *msalcae.Error
	require.ErrorAs(t, err, &e)
	require.ErrorIs(t, err, ErrDeclined)
	assert.Equal(t, "access_denied", e.Code)
	assert.Equal(t, []int{65004}, e.AADSTS)
	assert.Equal(t, "99999999-0000-4000-8000-000000000009", e.CorrelationID)
	assert.NotErrorIs(t, err, msalcae.ErrInteractionRequired)

	_, err = codeOf(url.Values{"error": {"server_error"}, "error_subcode": {"cancel"}})
	assert.ErrorIs(t, err, ErrDeclined)
	_, err = codeOf(url.Values{"error": {"invalid_request"}, "code": {"x"}})
	assert.ErrorIs(t, err, msalcae.ErrMisconfigured)
	_, err = codeOf(url.Values{"error": {"interaction_required"}})
	assert.ErrorIs(t, err, msalcae.ErrInteractionRequired)
	_, err = codeOf(url.Values{"error": {"<script>"}})
	require.Error(t, err)
	assert.NotContains(t, err.Error(), "script")
	_, err = codeOf(url.Values{"error": {""}})
	assert.Error(t, err)
	_, err = codeOf(url.Values{})
	assert.Error(t, err)
}

func TestOpeners(t *testing.T) {
	none := func(string) string { return "" }
	desktop := func(name string) string {
		if name == "WAYLAND_DISPLAY" {
			return "wayland-0"
		}
		return ""
	}
	assert.Empty(t, openers("linux", none))
	assert.Empty(t, openers("freebsd", none))
	assert.Equal(t, "xdg-open", openers("linux", desktop)[0][0])
	assert.Equal(t, []string{"open"}, openers("darwin", none)[0])
	assert.Equal(t, []string{"rundll32", "url.dll,FileProtocolHandler"}, openers("windows", none)[0])
}

func TestHeadless(t *testing.T) {
	for _, name := range []string{"DISPLAY", "WAYLAND_DISPLAY", "BROWSER", "WSL_DISTRO_NAME"} {
		t.Setenv(name, "")
	}
	t.Setenv("PATH", "")
	err := openSystemBrowser("http://localhost:1/x", func() bool { return false })
	require.ErrorIs(t, err, ErrNoBrowser)
	require.ErrorIs(t, err, msalcae.ErrInteractionRequired)
	assert.ErrorContains(t, err, "Browser.Open")
	assert.Equal(t, err, notOpened(err))
	assert.ErrorContains(t, notOpened(errors.New("x")), "could not be opened")
}
