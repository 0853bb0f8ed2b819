package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/msalcae/msalcae"
)

// replays sends bodies of several sizes to an API that reads them and refuses
// the token: with GetBody, from a stream that has none, and from a file. The
// memory is what the heap grew by at most, more than for a challenge without a
// body; MaxReplayBody is 1 MiB.
func replays(r *report, _ settings) {
	_, bare := upload(0, "nothing")
	for _, size := range []int64{1 << 10, 64 << 10, 1 << 20, 16 << 20, 64 << 20} {
		for _, kind := range []string{"with GetBody", "a stream", "a file"} {
			says, most := upload(size, kind)
			r.row(fmt.Sprintf("%s, %s", sized(size), kind), fmt.Sprintf("%s, %d KiB of memory", says, max(0, most-bare)>>10))
		}
	}
}

func sized(n int64) string {
	if n < 1<<20 {
		return fmt.Sprintf("%d KiB", n>>10)
	}
	return fmt.Sprintf("%d MiB", n>>20)
}

// upload says how it went, and how much memory it took.
func upload(size int64, kind string) (says string, most int64) {
	tokens, resource := &sts{}, &api{}
	rt := transport(newConfidential(tokens).App(scope), resource)
	chunk := make([]byte, 32<<10)
	var arrived int64
	resource.body = func(req *http.Request) {
		arrived = 0
		if req.Body == nil {
			return
		}
		for {
			n, err := req.Body.Read(chunk)
			arrived += int64(n)
			if err != nil {
				req.Body.Close()
				return
			}
		}
	}
	must(over(rt)(context.Background()))
	resource.revoke(tokens)
	req, done := uploadRequest(size, kind)
	defer done()
	var resp *http.Response
	var err error
	start := time.Now()
	most = peak(func() { resp, err = rt.RoundTrip(req) })
	took := time.Since(start)
	says = "sent again"
	switch {
	case errors.Is(err, msalcae.ErrNotReplayable):
		says = "not replayable"
	case err != nil || resp.StatusCode != http.StatusOK || arrived != size:
		says = fmt.Sprintf("wrong: %v, %d bytes arrived", err, arrived)
	}
	return fmt.Sprintf("%s in %.1f ms", says, took.Seconds()*1e3), most
}

// zeros is a body without end.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func uploadRequest(size int64, kind string) (req *http.Request, done func()) {
	body := func() io.ReadCloser { return io.NopCloser(io.LimitReader(zeros{}, size)) }
	done = func() {}
	if kind == "nothing" {
		return newRequest(context.Background()), done
	}
	if kind == "a file" {
		f, err := os.CreateTemp("", "bench")
		must(err)
		must(f.Truncate(size))
		done = func() { f.Close(); os.Remove(f.Name()) }
		body = func() io.ReadCloser { return f }
	}
	req, err := http.NewRequest(http.MethodPut, apiURL, body())
	must(err)
	req.ContentLength = size
	if kind == "with GetBody" {
		req.GetBody = func() (io.ReadCloser, error) { return body(), nil }
	}
	return req, done
}
