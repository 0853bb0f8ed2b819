package msalcae

import (
	"io"
	"net/http"
)

// another is the GetBody that a base calls when it sends the first request
// itself a second time, on a new connection: wait must know of that body too,
// as not every GetBody returns an independent one.
func (u *upload) another() (io.ReadCloser, error) {
	body, err := u.get()
	if err != nil || body == nil {
		return body, err
	}
	u.mu.Lock()
	u.open++
	u.mu.Unlock()
	return &another{u: u, ReadCloser: body}, nil
}

type another struct {
	io.ReadCloser
	u      *upload
	closed bool // under u.mu
}

func (a *another) Read(p []byte) (int, error) {
	a.u.mu.Lock()
	if a.closed || a.u.sealed {
		a.u.mu.Unlock()
		return 0, http.ErrBodyReadAfterClose
	}
	a.u.reading++
	a.u.mu.Unlock()

	n, err := a.ReadCloser.Read(p)

	a.u.mu.Lock()
	a.u.reading--
	a.u.signal()
	a.u.mu.Unlock()
	return n, err
}

func (a *another) Close() error {
	a.u.mu.Lock()
	again := a.closed
	a.closed = true
	a.u.mu.Unlock()
	if again {
		return nil
	}
	err := a.ReadCloser.Close()

	a.u.mu.Lock()
	a.u.open--
	a.u.signal()
	a.u.mu.Unlock()
	return err
}
