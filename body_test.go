package msalcae_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"

	"github.com/msalcae/msalcae"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// protocols are those of which request bodies differ.
var protocols = map[string]func(*httptest.Server){"h1": overTLS, "h2": overHTTP2}

// Bodies of every make arrive whole at the second send, over real sockets.
func TestBodies(t *testing.T) {
	content := strings.Repeat("0123456789abcdef", 5000) // 80 kB
	file := filepath.Join(t.TempDir(), "body")
	require.NoError(t, os.WriteFile(file, []byte(content), 0o600))
	pipe := func() io.Reader {
		r, w := io.Pipe()
		go func() {
			for _, part := range []string{content[:10], content[10:70000], content[70000:]} {
				io.WriteString(w, part)
			}
			w.Close()
		}()
		return r
	}
	for proto, start := range protocols {
		for name, c := range map[string]struct {
			body   func() io.Reader
			length int64 // -1: unknown
		}{
			"bytes.Reader":   {func() io.Reader { return bytes.NewReader([]byte(content)) }, 80000},
			"strings.Reader": {func() io.Reader { return strings.NewReader(content) }, 80000},
			"file":           {func() io.Reader { f, _ := os.Open(file); return f }, 80000},
			"chunked file":   {func() io.Reader { f, _ := os.Open(file); return f }, -1},
			"pipe":           {pipe, -1},
			"pipe of length": {pipe, 80000},
			"half reads":     {func() io.Reader { return iotest.HalfReader(strings.NewReader(content)) }, -1},
			"EOF with data":  {func() io.Reader { return iotest.DataErrReader(strings.NewReader(content)) }, -1},
		} {
			t.Run(proto+"/"+name, func(t *testing.T) {
				a := newAPI(t, start, "t1")
				req, err := http.NewRequest("PATCH", a.URL, c.body())
				require.NoError(t, err)
				req.ContentLength = c.length
				resp, err := a.transport(&tokens{}).Client().Do(req)
				require.NoError(t, err)
				resp.Body.Close()
				require.Len(t, a.seen(), 2)
				for _, call := range a.seen() {
					assert.True(t, call.body == content, "%d bytes", len(call.body))
					assert.Equal(t, c.length, call.ContentLength)
					assert.Equal(t, "PATCH", call.Method)
				}
			})
		}
	}
}

// What is not the body is the same in both sends, too.
func TestBodySendsAreEqual(t *testing.T) {
	for proto, start := range protocols {
		t.Run(proto, func(t *testing.T) {
			a := newAPI(t, start, "t1")
			req := request(t, "QUERY", a.URL+"/path?a=b&c=%20d", nil)
			trailer := http.Header{"X-Sum": nil}
			req.Body = io.NopCloser(io.MultiReader(strings.NewReader("hello"), readerFunc(func([]byte) (int, error) {
				trailer.Set("X-Sum", "5d41")
				return 0, io.EOF
			})))
			req.ContentLength = -1
			req.Trailer = trailer
			req.TransferEncoding = []string{"chunked"}
			req.Host = "virtual.test"
			req.Header.Set("X-One", "1")
			req.Header["X-Two"] = []string{"a", "b"}
			resp, err := a.transport(&tokens{}).Client().Do(req)
			require.NoError(t, err)
			resp.Body.Close()

			calls := a.seen()
			require.Len(t, calls, 2)
			assert.Equal(t, "t1", calls[0].token)
			assert.Equal(t, "t2", calls[1].token)
			for _, c := range calls {
				assert.Equal(t, "hello", c.body)
				assert.Equal(t, "5d41", c.Trailer.Get("X-Sum"))
				assert.Equal(t, "virtual.test", c.Host)
				c.Header.Del("Authorization")
			}
			assert.Equal(t, calls[0].Header, calls[1].Header)
			assert.Equal(t, calls[0].RequestURI, calls[1].RequestURI)
			assert.Equal(t, calls[0].Method, calls[1].Method)
			assert.Equal(t, calls[0].TransferEncoding, calls[1].TransferEncoding)
			assert.Equal(t, calls[0].ContentLength, calls[1].ContentLength)
		})
	}
}

// An API may refuse an upload while it is being sent. What was sent by then is
// kept, the rest is read once, however large it is.
func TestBodyRefusedEarly(t *testing.T) {
	const size = 2 << 20
	for proto, start := range protocols {
		for _, length := range []int64{-1, size} {
			a := newAPI(t, start, "t1")
			a.early = true
			hash := sha256.New()
			// The caller's body gives 16 KiB, and the rest after the 401.
			refused := make(chan struct{})
			left, sent := size, sha256.New()
			closed := make(chan struct{}, 2)
			b := struct {
				io.Reader
				io.Closer
			}{
				readerFunc(func(p []byte) (int, error) {
					if left <= size-16<<10 {
						<-refused
					}
					if left == 0 {
						return 0, io.EOF
					}
					n := min(len(p), left, 10<<10)
					for i := range n {
						p[i] = byte((left - i) * 2654435761 >> 13)
					}
					left -= n
					sent.Write(p[:n])
					return n, nil
				}),
				closerFunc(func() error { closed <- struct{}{}; return nil }),
			}
			src := &tokens{}
			src.answer = func(_ context.Context, req msalcae.TokenRequest) (*msalcae.Token, error) {
				if req.Claims == "" {
					return &msalcae.Token{Value: "t1"}, nil
				}
				close(refused)
				return &msalcae.Token{Value: "t2"}, nil
			}
			tr := a.transport(src)
			tr.MaxReplayBody = 64 << 10
			req := request(t, "PUT", a.URL, b)
			req.ContentLength = length
			resp, err := tr.Client().Do(req)
			require.NoError(t, err, proto)
			resp.Body.Close()
			calls := a.seen()
			require.Len(t, calls, 2)
			hash.Write([]byte(calls[1].body))
			assert.Len(t, calls[1].body, size)
			assert.Equal(t, sent.Sum(nil), hash.Sum(nil), proto)
			<-closed // net/http may do so after the response
			assert.Empty(t, closed, "closed once")
		}
	}
}

// With Expect: 100-continue, an API that refuses the request is not sent its
// body, and the replay is.
func TestBodyExpectContinue(t *testing.T) {
	for proto, start := range protocols {
		t.Run(proto, func(t *testing.T) {
			a := newAPI(t, start, "t1")
			a.early = true
			base := a.Client().Transport.(*http.Transport).Clone()
			base.ExpectContinueTimeout = time.Minute
			defer base.CloseIdleConnections()
			var read atomic.Int64 // before the token is renewed
			content := strings.NewReader(strings.Repeat("x", 3<<20))
			b := io.NopCloser(readerFunc(func(p []byte) (int, error) {
				n, err := content.Read(p)
				read.Add(int64(n))
				return n, err
			}))
			src := &tokens{}
			src.answer = func(_ context.Context, req msalcae.TokenRequest) (*msalcae.Token, error) {
				if req.Claims == "" {
					return &msalcae.Token{Value: "t1"}, nil
				}
				assert.Zero(t, read.Load(), "bytes of the body that were read for nothing")
				return &msalcae.Token{Value: "t2"}, nil
			}
			tr := a.transport(src)
			tr.Base = base
			tr.MaxReplayBody = -1 // nothing need be kept
			req := request(t, "PUT", a.URL, b)
			req.ContentLength = 3 << 20
			req.Header.Set("Expect", "100-continue")
			resp, err := tr.Client().Do(req)
			require.NoError(t, err)
			resp.Body.Close()
			require.Len(t, a.seen(), 2)
			assert.Len(t, a.seen()[1].body, 3<<20)
		})
	}
}

// A response may come before the request's body has been sent, and be read
// while the rest is sent: nothing of that is held up or cut.
func TestBodyStreamsBothWays(t *testing.T) {
	echo := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusOK)
		w.(http.Flusher).Flush()
		p := make([]byte, 16)
		for {
			n, err := r.Body.Read(p)
			w.Write(p[:n])
			w.(http.Flusher).Flush()
			if err != nil {
				return
			}
		}
	}))
	overHTTP2(echo)
	defer echo.Close()
	tr := &msalcae.Transport{Source: &tokens{}, Base: echo.Client().Transport, Hosts: []string{strings.TrimPrefix(echo.URL, "https://")}}
	r, w := io.Pipe()
	resp, err := tr.RoundTrip(request(t, "POST", echo.URL, r))
	require.NoError(t, err)
	for _, word := range []string{"one", "two", "three"} {
		_, err := io.WriteString(w, word)
		require.NoError(t, err)
		got := make([]byte, len(word))
		_, err = io.ReadFull(resp.Body, got)
		require.NoError(t, err)
		assert.Equal(t, word, string(got))
	}
	w.Close()
	assert.Empty(t, text(t, resp))
}

// A body whose caller waits for the answer before it sends anything is replayed
// while the first send's Read is still in progress. Over HTTP/1.1 net/http goes
// on with that Read, and closes the body when it ends.
func TestBodyStreamsBothWaysAfterAChallenge(t *testing.T) {
	for name, start := range map[string]func(*httptest.Server){"HTTP/2": overHTTP2, "HTTP/1.1": (*httptest.Server).Start} {
		echo := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_ = http.NewResponseController(w).EnableFullDuplex() // HTTP/2 is
			if r.Header.Get("Authorization") == "Bearer t1" {
				w.Header().Set("WWW-Authenticate", `Bearer error="insufficient_claims", claims="eyJhY2Nlc3NfdG9rZW4iOnt9fQ=="`)
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			w.WriteHeader(http.StatusOK)
			w.(http.Flusher).Flush()
			io.Copy(w, r.Body)
		}))
		start(echo)
		defer echo.Close()
		_, host, _ := strings.Cut(echo.URL, "://")
		for _, first := range []string{"", "before "} {
			ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second) // less than a base has to close a body
			defer cancel()
			tr := &msalcae.Transport{Source: &tokens{}, Base: echo.Client().Transport, Hosts: []string{host}}
			r, w := io.Pipe()
			wrote := make(chan error, 1)
			go func() {
				_, err := io.WriteString(w, first)
				wrote <- err
			}()
			resp, err := tr.RoundTrip(request(t, "POST", echo.URL, r).WithContext(ctx))
			require.NoError(t, err, name)
			require.Equal(t, http.StatusOK, resp.StatusCode)
			go func() {
				<-wrote
				io.WriteString(w, "after")
				w.Close()
			}()
			assert.Equal(t, first+"after", text(t, resp))
		}
	}
}
