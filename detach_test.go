package msalcae_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/msalcae/msalcae"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// refusedWith makes a call whose challenge has the body given and cannot be
// answered, and returns the ChallengeError's response.
func refusedWith(t *testing.T, ctx context.Context, body io.ReadCloser) (*http.Response, error) {
	t.Helper()
	tr := &msalcae.Transport{
		Hosts: []string{"api.test"},
		Source: &tokens{answer: func(_ context.Context, req msalcae.TokenRequest) (*msalcae.Token, error) {
			if req.Claims == "" {
				return &msalcae.Token{Value: "t1"}, nil
			}
			return nil, msalcae.ErrInteractionRequired
		}},
		Base: base(func(req *http.Request) (*http.Response, error) {
			resp := unauthorized(req)
			resp.Body = body
			return resp, nil
		}),
	}
	_, err := tr.RoundTrip(request(t, "GET", "https://api.test/", nil).WithContext(ctx))
	var challenge *msalcae.ChallengeError
	if !errors.As(err, &challenge) {
		return nil, err
	}
	return challenge.Response, nil
}

func TestChallengeBody(t *testing.T) {
	boom := errors.New("boom")
	for name, c := range map[string]struct {
		body io.Reader
		want int // bytes
		err  error
	}{
		"none":                       {nil, 0, nil},
		"empty":                      {strings.NewReader(""), 0, nil},
		"small":                      {strings.NewReader("hello"), 5, nil},
		"just 64 KiB":                {strings.NewReader(strings.Repeat("x", 64<<10)), 64 << 10, nil},
		"just 64 KiB, EOF with data": {iotest.DataErrReader(strings.NewReader(strings.Repeat("x", 64<<10))), 64 << 10, nil},
		"more":                       {strings.NewReader(strings.Repeat("x", 64<<10+1)), 64 << 10, io.ErrUnexpectedEOF},
		"more, EOF with data":        {iotest.DataErrReader(strings.NewReader(strings.Repeat("x", 64<<10+1))), 64 << 10, io.ErrUnexpectedEOF},
		"endless":                    {readerFunc(func(p []byte) (int, error) { return len(p), nil }), 64 << 10, io.ErrUnexpectedEOF},
		"broken":                     {io.MultiReader(strings.NewReader("hello"), iotest.ErrReader(boom)), 5, boom},
		"byte by byte":               {iotest.OneByteReader(strings.NewReader("hello")), 5, nil},
	} {
		t.Run(name, func(t *testing.T) {
			var closes atomic.Int32
			var body io.ReadCloser
			if c.body != nil {
				body = struct {
					io.Reader
					io.Closer
				}{c.body, closerFunc(func() error { closes.Add(1); return nil })}
			}
			resp, err := refusedWith(t, t.Context(), body)
			require.NoError(t, err)
			var got strings.Builder
			n, err := io.Copy(&got, resp.Body)
			assert.Equal(t, c.err, err)
			assert.EqualValues(t, c.want, n)
			_, err = resp.Body.Read(make([]byte, 1))
			if c.err == nil {
				assert.Equal(t, io.EOF, err)
			} else {
				assert.Equal(t, c.err, err, "it stays")
			}
			assert.NoError(t, resp.Body.Close())
			if c.body != nil {
				assert.EqualValues(t, 1, closes.Load())
			}
		})
	}
}

// A body that never ends holds the call for 5 s at most, or until the caller's
// context ends; what came by then is kept.
func TestChallengeBodyDribbles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dribble := func() io.ReadCloser {
			closed := make(chan struct{})
			return struct {
				io.Reader
				io.Closer
			}{
				readerFunc(func(p []byte) (int, error) {
					select {
					case <-time.After(400 * time.Millisecond):
						p[0] = 'x'
						return 1, nil
					case <-closed:
						return 0, errors.New("closed")
					}
				}),
				closerFunc(func() error { close(closed); return nil }),
			}
		}
		start := time.Now()
		resp, err := refusedWith(t, t.Context(), dribble())
		require.NoError(t, err)
		assert.Equal(t, 5*time.Second, time.Since(start))
		got, err := io.ReadAll(resp.Body)
		assert.Equal(t, io.ErrUnexpectedEOF, err)
		assert.Equal(t, strings.Repeat("x", 12), string(got))
		synctest.Wait()

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start = time.Now()
		_, err = refusedWith(t, ctx, dribble())
		assert.Equal(t, context.DeadlineExceeded, err)
		assert.Equal(t, time.Second, time.Since(start))
		synctest.Wait()
	})
}

// Even one whose Close does not end its Read does not hold the call.
func TestChallengeBodyStuck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stuck := make(chan struct{})
		start := time.Now()
		resp, err := refusedWith(t, t.Context(), io.NopCloser(readerFunc(func([]byte) (int, error) {
			<-stuck
			return 0, io.EOF
		})))
		require.NoError(t, err)
		assert.Equal(t, 5*time.Second, time.Since(start))
		got, err := io.ReadAll(resp.Body)
		assert.Equal(t, io.ErrUnexpectedEOF, err)
		assert.Empty(t, got)
		close(stuck)
	})
}
