package entratest

import (
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/msalcae/msalcae/entratest/internal/challenge"
	"github.com/msalcae/msalcae/entratest/internal/site"
)

// faulty lets the request meet the next fault of its endpoint; true: it has
// been answered.
func (x *exchange) faulty() bool {
	f, ok := x.s.faults.take(x)
	if !ok {
		return false
	}
	if f.Delay > 0 {
		timer := time.NewTimer(f.Delay)
		defer timer.Stop()
		x.until(timer.C)
	}
	if f.Hang {
		// HTTP/1.1 does not see that a client has left before its body is read.
		io.Copy(io.Discard, x.r.Body)
		x.until(nil)
	}
	if f.Drop {
		panic(http.ErrAbortHandler)
	}
	if f.Reset {
		x.reset()
	}
	if f.Truncate || f.Stall {
		x.ResponseWriter = &halfWriter{ResponseWriter: x.ResponseWriter, x: x, stall: f.Stall}
	}
	return f.answer(x)
}

// reset cuts the request's connection. Where that cannot be had, as on a server
// of the test's own that speaks HTTP/2, the request alone is dropped.
func (x *exchange) reset() {
	conn := site.Conn(x.r.Context())
	if conn == nil {
		conn, _, _ = http.NewResponseController(x.ResponseWriter).Hijack()
	}
	if secure, ok := conn.(*tls.Conn); ok {
		conn = secure.NetConn()
	}
	switch c := conn.(type) {
	case *net.TCPConn:
		c.SetLinger(0)
		c.Close()
	case interface{ Reset() error }: // in memory
		c.Reset()
	}
	panic(http.ErrAbortHandler)
}

// A halfWriter sends half of what is first written, and no more.
type halfWriter struct {
	http.ResponseWriter
	x     *exchange
	stall bool
	done  bool
}

func (w *halfWriter) Write(p []byte) (int, error) {
	if w.done || len(p) == 0 {
		return len(p), nil
	}
	w.done = true
	n, err := w.ResponseWriter.Write(p[:len(p)/2])
	http.NewResponseController(w.ResponseWriter).Flush()
	if w.stall && err == nil {
		w.x.until(nil)
	}
	w.x.cut = true
	return n, err
}

// Unwrap is for http.ResponseController.
func (w *halfWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// until waits for c, the end of the client's patience, or Close.
func (x *exchange) until(c <-chan time.Time) {
	select {
	case <-c:
		return
	case <-x.r.Context().Done():
	case <-x.s.ctx.Done():
	}
	panic(http.ErrAbortHandler)
}

func (f Fault) answer(x *exchange) bool {
	if f.AADSTS == 0 && f.Challenge == "" && f.Status == 0 && f.Header == nil && f.Body == "" {
		return false
	}
	for name, values := range f.Header {
		for _, v := range values {
			x.Header().Add(name, v)
		}
	}
	status := f.Status
	if f.AADSTS != 0 {
		e := aad(f.AADSTS)
		if f.OAuthError != "" {
			e.code = f.OAuthError
		}
		if f.Suberror != "" {
			e.suberror = f.Suberror
		}
		e.claims, e.status = f.Claims, f.Status
		if f.Body == "" {
			x.entraHeaders()
			x.fail(e)
			return true
		}
		x.note(e)
		status = e.httpStatus()
	}
	if f.Challenge != "" {
		if f.Form != "" {
			x.form = f.Form
		}
		status = max(status, x.refusalHeaders(challenge.Refusal{Claims: f.Challenge, Message: "An error of the test's choice."}))
	}
	if status == 0 {
		status = http.StatusOK
	}
	x.WriteHeader(status)
	io.WriteString(x, f.Body)
	return true
}
