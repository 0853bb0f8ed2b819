package msalcae_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/msalcae/msalcae"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A body that was read beyond MaxReplayBody cannot be replayed; the token is
// renewed all the same, so that the same call works when it is made again.
func TestBodyTooLarge(t *testing.T) {
	a := newAPI(t, overTLS, "t1")
	src := &tokens{}
	tr := a.transport(src)
	tr.MaxReplayBody = 999
	put := func(n int) (*http.Response, error) {
		return tr.RoundTrip(request(t, "PUT", a.URL, newBody(strings.Repeat("x", n))))
	}
	_, err := put(1000)
	var challenge *msalcae.ChallengeError
	require.ErrorAs(t, err, &challenge)
	require.ErrorIs(t, err, msalcae.ErrNotReplayable)
	assert.ErrorContains(t, err, "make the call again")
	assert.Equal(t, revoked, challenge.Claims)
	assert.Equal(t, http.StatusUnauthorized, challenge.Response.StatusCode)
	assert.Equal(t, `{"error":"challenged"}`, text(t, challenge.Response))
	assert.Equal(t, []string{revoked}, src.claims())

	resp, err := put(1000)
	require.NoError(t, err)
	resp.Body.Close()
	require.Len(t, a.seen(), 2)
	assert.Equal(t, "t2", a.seen()[1].token)

	a.refuse = []string{"t2"}
	resp, err = put(999)
	require.NoError(t, err, "of just the size")
	resp.Body.Close()
}

// The limits of MaxReplayBody: the default, and nothing kept at all.
func TestBodyLimits(t *testing.T) {
	for _, c := range []struct {
		limit int64
		size  int
		ok    bool
	}{
		{0, 1 << 20, true}, {0, 1<<20 + 1, false}, {-1, 1, false}, {-1, 0, true}, {2 << 20, 2 << 20, true},
	} {
		tr := &msalcae.Transport{Source: &tokens{}, Base: challengeOnce, Hosts: []string{"api.test"}, MaxReplayBody: c.limit}
		resp, err := tr.RoundTrip(request(t, "PUT", "https://api.test/", newBody(strings.Repeat("x", c.size))))
		if !c.ok {
			require.ErrorIs(t, err, msalcae.ErrNotReplayable, "%+v", c)
			continue
		}
		require.NoError(t, err, "%+v", c)
		assert.Len(t, text(t, resp), c.size)
	}
}

// A request with GetBody keeps no copy, so it has no limit.
func TestBodyWithGetBodyHasNoLimit(t *testing.T) {
	tr := &msalcae.Transport{Source: &tokens{}, Base: challengeOnce, Hosts: []string{"api.test"}, MaxReplayBody: -1}
	resp, err := tr.Client().Post("https://api.test/", "text/plain", strings.NewReader(strings.Repeat("x", 3<<20)))
	require.NoError(t, err)
	assert.Len(t, text(t, resp), 3<<20)
}

func TestBodyGetBodyFails(t *testing.T) {
	gone := errors.New("the file is gone")
	req := request(t, "PUT", "https://api.test/", newBody("hello"))
	req.GetBody = func() (io.ReadCloser, error) { return nil, gone }
	src := &tokens{}
	_, err := (&msalcae.Transport{Source: src, Base: challengeOnce, Hosts: []string{"api.test"}}).RoundTrip(req)
	require.ErrorIs(t, err, msalcae.ErrNotReplayable)
	require.ErrorIs(t, err, gone)
	require.ErrorAs(t, err, new(*msalcae.ChallengeError))
	assert.Equal(t, []string{revoked}, src.claims(), "the token is renewed")
}

// A GetBody that rewinds and returns one and the same file is no harm, even
// where the base reads on after it has returned the 401.
func TestBodyGetBodyRewinds(t *testing.T) {
	content := strings.NewReader("hello world")
	start := make(chan struct{})
	rewind := func() (io.ReadCloser, error) {
		content.Seek(0, io.SeekStart)
		return io.NopCloser(content), nil
	}
	req := request(t, "PUT", "https://api.test/", io.NopCloser(content))
	req.GetBody = rewind
	tr := &msalcae.Transport{Hosts: []string{"api.test"}, Base: base(func(req *http.Request) (*http.Response, error) {
		if req.Header.Get("Authorization") != "Bearer t1" {
			return challengeOnce(req)
		}
		// As net/http does after a connection was lost: once more, with GetBody.
		req.Body.Close()
		again, err := req.GetBody()
		if err != nil {
			return nil, err
		}
		p := make([]byte, 5)
		io.ReadFull(again, p)
		go func() {
			<-start
			io.ReadAll(again)
			again.Close()
		}()
		return unauthorized(req), nil
	})}
	tr.Source = &tokens{answer: func(_ context.Context, req msalcae.TokenRequest) (*msalcae.Token, error) {
		if req.Claims == "" {
			return &msalcae.Token{Value: "t1"}, nil
		}
		close(start)
		return &msalcae.Token{Value: "t2"}, nil
	}}
	resp, err := tr.RoundTrip(req)
	require.NoError(t, err)
	assert.Equal(t, "hello world", text(t, resp))
}

// The second send begins when the first has closed its body, not earlier.
func TestBodyReplayWaitsForClose(t *testing.T) {
	for _, rewinds := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			var closed atomic.Bool
			tr := &msalcae.Transport{Source: &tokens{}, Hosts: []string{"api.test"}, Base: base(func(req *http.Request) (*http.Response, error) {
				if req.Header.Get("Authorization") != "Bearer t1" {
					assert.True(t, closed.Load())
					return challengeOnce(req)
				}
				go func() {
					io.CopyN(io.Discard, req.Body, 2)
					time.Sleep(4 * time.Second)
					closed.Store(true)
					req.Body.Close()
					_, err := req.Body.Read(make([]byte, 1))
					assert.Equal(t, http.ErrBodyReadAfterClose, err)
				}()
				return unauthorized(req), nil
			})}
			req := request(t, "PUT", "https://api.test/", newBody("hello"))
			if rewinds {
				req.GetBody = func() (io.ReadCloser, error) { return newBody("hello"), nil }
			}
			resp, err := tr.RoundTrip(req)
			require.NoError(t, err)
			assert.Equal(t, "hello", text(t, resp))
		})
	}
}

// A base that waits for the caller to send something is not waited for, unless
// it may be about to read more than can be kept, or reads what the replay's
// GetBody rewinds.
func TestBodyReplayDoesNotWaitForTheCaller(t *testing.T) {
	for _, c := range []struct {
		sent    string
		limit   int64
		rewinds bool
		after   time.Duration // the replay begins
	}{
		{"", 0, false, 100 * time.Millisecond},
		{"he", 0, false, 100 * time.Millisecond},
		{"hello", 5, false, 5 * time.Second},
		{"he", 0, true, 5 * time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			r, w := io.Pipe()
			start := time.Now()
			var began time.Duration
			tr := &msalcae.Transport{Source: &tokens{}, Hosts: []string{"api.test"}, MaxReplayBody: c.limit, Base: base(func(req *http.Request) (*http.Response, error) {
				if req.Header.Get("Authorization") != "Bearer t1" {
					began = time.Since(start)
					return challengeOnce(req)
				}
				go func() {
					io.Copy(io.Discard, req.Body)
					req.Body.Close()
				}()
				io.WriteString(w, c.sent)
				synctest.Wait()
				return unauthorized(req), nil
			})}
			time.AfterFunc(time.Minute, func() {
				io.WriteString(w, " world")
				w.Close()
			})
			req := request(t, "PUT", "https://api.test/", r)
			if c.rewinds {
				req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("he world")), nil }
			}
			resp, err := tr.RoundTrip(req)
			assert.Equal(t, c.after, began)
			if c.limit == 0 {
				require.NoError(t, err)
				assert.Equal(t, c.sent+" world", text(t, resp))
			}
			time.Sleep(time.Hour) // the first send ends
		})
	}
}

// A base to which the caller does send is let finish: its connection may serve
// again.
func TestBodyReplayWaitsWhileTheCallerSends(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, w := io.Pipe()
		tr := &msalcae.Transport{Source: &tokens{}, Hosts: []string{"api.test"}, Base: base(func(req *http.Request) (*http.Response, error) {
			if req.Header.Get("Authorization") != "Bearer t1" {
				return challengeOnce(req)
			}
			go func() {
				_, err := io.Copy(io.Discard, req.Body)
				assert.NoError(t, err)
				req.Body.Close()
			}()
			return unauthorized(req), nil
		})}
		go func() {
			for range 10 {
				time.Sleep(60 * time.Millisecond)
				io.WriteString(w, "x")
			}
			w.Close()
		}()
		resp, err := tr.RoundTrip(request(t, "PUT", "https://api.test/", r))
		require.NoError(t, err)
		assert.Equal(t, strings.Repeat("x", 10), text(t, resp))
	})
}

// A base that answers and never closes the body breaks its contract. It is cut
// off and the request is replayed.
func TestBodyBaseNeverCloses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var first io.ReadCloser
		tr := &msalcae.Transport{Source: &tokens{}, Hosts: []string{"api.test"}, Base: base(func(req *http.Request) (*http.Response, error) {
			if first == nil {
				first = req.Body
				return unauthorized(req), nil
			}
			_, err := first.Read(make([]byte, 1))
			assert.Equal(t, http.ErrBodyReadAfterClose, err)
			first.Close() // late: the caller's body is the replay's now
			return challengeOnce(req)
		})}
		b := newBody("hello")
		start := time.Now()
		resp, err := tr.RoundTrip(request(t, "PUT", "https://api.test/", b))
		require.NoError(t, err)
		assert.Equal(t, "hello", text(t, resp))
		assert.Equal(t, 5*time.Second, time.Since(start))
		assert.Equal(t, 1, b.closed())
	})
}
