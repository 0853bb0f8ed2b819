package entra

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptrace"
	"sync"
	"time"
)

// slowDown is how much longer the interval gets when Entra, or a network that
// fails, says so (RFC 8628 section 3.5).
const slowDown = 5 * time.Second

// A Pace keeps the requests for the tokens of one device code apart (RFC 8628
// section 3.5). MSAL polls as it likes, from 50 ms up to 5 s, whatever the
// interval that Entra gave and however often it says slow_down; so a request
// waits below MSAL until it is its turn. Safe for concurrent use.
type Pace struct {
	mu       sync.Mutex
	interval time.Duration
	next     time.Time // when the next may be sent
	wired    bool      // a Wire keeps the pace
}

// NewPace returns a Pace whose first request may be sent after interval.
func NewPace(interval time.Duration) *Pace {
	return &Pace{interval: interval, next: time.Now().Add(interval)}
}

type paceKey struct{}

// With returns a context for MSAL whose token requests keep the pace: those
// that go through a Wire, which sees slow_down too, and those of any other
// client that uses net/http's Transport.
func (p *Pace) With(ctx context.Context) context.Context {
	ctx = context.WithValue(ctx, paceKey{}, p)
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GetConn: func(string) {
		p.mu.Lock()
		wired := p.wired
		p.mu.Unlock()
		if !wired {
			_ = p.turn(ctx) // the Transport sees ctx end by itself
		}
	}})
}

func paceOf(ctx context.Context) *Pace {
	p, _ := ctx.Value(paceKey{}).(*Pace)
	return p
}

// turn waits until the next request may be sent.
func (p *Pace) turn(ctx context.Context) error {
	for {
		p.mu.Lock()
		now := time.Now()
		wait := p.next.Sub(now)
		if wait <= 0 {
			p.next = now.Add(p.interval)
		}
		p.mu.Unlock()
		if wait <= 0 {
			return ctx.Err()
		}
		t := time.NewTimer(wait)
		select {
		case <-t.C:
		case <-ctx.Done():
			t.Stop()
			return ctx.Err()
		}
	}
}

// Slower makes the interval longer for good, and the next request wait for it,
// or for rest if that is longer.
func (p *Pace) Slower(rest time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.interval += slowDown
	p.next = time.Now().Add(max(rest, p.interval))
}

// poll sends one request for the tokens of a device code.
func (w *Wire) poll(p *Pace, req *http.Request) (*http.Response, error) {
	p.mu.Lock()
	p.wired = true
	p.mu.Unlock()
	if err := p.turn(req.Context()); err != nil {
		return nil, err
	}
	resp, err := w.send(req)
	if err != nil || resp.StatusCode != http.StatusBadRequest {
		return resp, err
	}
	body, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if err != nil {
		return nil, err
	}
	var answer struct {
		Error string `json:"error"`
	}
	if _ = json.Unmarshal(body, &answer); answer.Error == "slow_down" {
		p.Slower(0)
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, nil
}
