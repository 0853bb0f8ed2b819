package msalcae

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// source is a caller's body that reads by fits and starts, and knows what was
// done to it.
type source struct {
	rng *rand.Rand
	end error // after data; nil: io.EOF

	mu     sync.Mutex
	data   []byte
	closes int
}

func (s *source) Read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closes > 0 {
		return 0, errors.New("read after close")
	}
	end := s.end
	if end == nil {
		end = io.EOF
	}
	if len(s.data) == 0 {
		return 0, end
	}
	n := min(len(p), len(s.data), s.rng.IntN(700))
	copy(p, s.data[:n])
	s.data = s.data[n:]
	if len(s.data) == 0 && s.rng.IntN(2) == 0 {
		return n, end
	}
	return n, nil
}

func (s *source) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closes++
	return nil
}

func (s *source) closed() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closes
}

// Random uploads, against a model that is a slice: what the first send and the
// replay read, when the caller's body is closed, and how much is kept.
func TestUploadModel(t *testing.T) {
	for seed := range uint64(1000) {
		rng := rand.New(rand.NewPCG(seed, 1))
		data := make([]byte, rng.IntN(4000))
		for i := range data {
			data[i] = byte(rng.Uint32())
		}
		src := &source{rng: rng, data: data}
		if rng.IntN(4) == 0 {
			src.end = errors.New("the disk is gone")
		}
		limit := int64(rng.IntN(3000))
		up := newUpload(&http.Request{Body: src}, limit)
		if limit == 0 {
			limit = defaultReplayBody
		}

		read, ended, lost, held := 0, false, false, false
		for range rng.IntN(12) {
			if !held && rng.IntN(8) == 0 {
				up.hold()
				held = true
			}
			p := make([]byte, rng.IntN(1000))
			n, err := up.Read(p)
			require.Equal(t, data[read:read+n], p[:n], "seed %d", seed)
			read += n
			lost = lost || int64(read) > limit
			if held && !lost && int64(read) == limit && err == http.ErrBodyReadAfterClose {
				break // cut off
			}
			if err != nil {
				ended = true
				require.Equal(t, len(data), read, "seed %d", seed)
				break
			}
			var room int
			for _, c := range up.kept {
				room += cap(c)
			}
			require.LessOrEqual(t, room, int(limit)+mostChunk, "seed %d", seed)
			if lost {
				require.Nil(t, up.kept, "seed %d", seed)
			}
		}
		require.Zero(t, src.closed(), "seed %d", seed)
		closed := rng.IntN(4) > 0
		if closed {
			require.NoError(t, up.Close())
			require.NoError(t, up.Close())
			_, err := up.Read(make([]byte, 1))
			require.Equal(t, http.ErrBodyReadAfterClose, err)
			require.Equal(t, lost || ended, src.closed() == 1, "seed %d: closed as soon as no replay will read it", seed)
		}
		switch rng.IntN(3) {
		case 0: // the response is final
			up.settle(false)
			require.Equal(t, closed, src.closed() == 1, "seed %d", seed)
			up.Close()
		case 1: // the challenge cannot be answered
			up.settle(true)
			require.Equal(t, 1, src.closed(), "seed %d", seed)
			up.Close()
		case 2:
			up.hold()
			up.Close()
			body, err := up.again(t.Context())
			if lost {
				require.ErrorIs(t, err, ErrNotReplayable)
				up.settle(true)
				break
			}
			require.NoError(t, err)
			if rng.IntN(4) == 0 { // the base gives up half-way
				io.CopyN(io.Discard, body, rng.Int64N(2000))
			} else {
				got, err := io.ReadAll(body)
				require.Equal(t, src.end, err, "seed %d", seed)
				require.True(t, bytes.Equal(data, got), "seed %d", seed)
			}
			require.Equal(t, ended, src.closed() == 1, "seed %d", seed)
			require.NoError(t, body.Close())
			_, err = body.Read(make([]byte, 1))
			require.Equal(t, http.ErrBodyReadAfterClose, err)
		}
		up.settle(true)
		require.Equal(t, 1, src.closed(), "seed %d: closed once", seed)
	}
}

// A base that reads in one goroutine and closes in another, at any moment,
// loses no byte of the replay.
func TestUploadConcurrently(t *testing.T) {
	data := bytes.Repeat([]byte("0123456789"), 2000)
	replayed := 0
	for seed := range uint64(300) {
		rng := rand.New(rand.NewPCG(seed, 2))
		src := &source{rng: rng, data: data}
		up := newUpload(&http.Request{Body: src}, 8000)
		rounds := rng.IntN(30)
		var base sync.WaitGroup
		challenged, held := make(chan struct{}), make(chan struct{})
		base.Go(func() {
			p := make([]byte, 256)
			for range rounds {
				if _, err := up.Read(p); err != nil {
					break
				}
			}
			close(challenged)
			if seed%2 == 0 { // too late to read more than can be kept
				<-held
			}
			for {
				if _, err := up.Read(p); err != nil {
					break
				}
			}
		})
		<-challenged
		up.hold()
		close(held)
		base.Go(func() { up.Close() })
		body, err := up.again(t.Context())
		if errors.Is(err, ErrNotReplayable) { // it had read too much before hold
			up.settle(true)
			base.Wait()
			require.Equal(t, 1, src.closed())
			continue
		}
		replayed++
		require.NoError(t, err, "seed %d", seed)
		got, err := io.ReadAll(body)
		require.NoError(t, err)
		require.True(t, bytes.Equal(data, got), "seed %d", seed)
		body.Close()
		base.Wait()
		require.Equal(t, 1, src.closed())
	}
	require.GreaterOrEqual(t, replayed, 150)
}

// A Read that is in progress when the replay begins may wait for the caller as
// long as it likes, and what it brings is part of the replay.
func TestUploadWaitsForRead(t *testing.T) {
	pr, pw := io.Pipe()
	up := newUpload(&http.Request{Body: pr}, 0)
	got := make(chan string)
	go func() {
		p := make([]byte, 10)
		n, _ := up.Read(p)
		got <- string(p[:n])
	}()
	up.hold()
	for !busy(up) {
		runtime.Gosched()
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := up.again(ctx)
	require.Equal(t, context.Canceled, err, "before the first body is closed")
	up.Close()
	body, err := up.again(t.Context())
	require.NoError(t, err)
	go func() {
		pw.Write([]byte("hello"))
		pw.Write([]byte(" world"))
		pw.Close()
	}()
	all, err := io.ReadAll(body)
	require.NoError(t, err)
	require.Equal(t, "hello world", string(all))
	require.Equal(t, "hello", <-got)
	require.NoError(t, body.Close())
	_, err = pw.Write([]byte("x"))
	require.Equal(t, io.ErrClosedPipe, err)
}

func busy(u *upload) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.reading > 0
}
