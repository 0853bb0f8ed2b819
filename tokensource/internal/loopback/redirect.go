package loopback

import (
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"

	"github.com/msalcae/msalcae"
)

// A Redirect is a redirect URI on this machine, taken apart (RFC 8252
// section 7.3). Entra ignores the port of http://localhost when it compares it
// with the registered one.
type Redirect struct {
	host string // localhost, 127.0.0.1 or ::1
	port int    // 0: any free one
	path string // as in the URI, "" included
}

// ParseRedirect takes the RedirectURI of a config apart. "": http://localhost.
func ParseRedirect(uri string) (Redirect, error) {
	if uri == "" {
		return Redirect{host: "localhost"}, nil
	}
	wrong := fmt.Errorf("%w: RedirectURI %q is not an address of this machine, such as http://localhost, that a Browser could listen at", msalcae.ErrMisconfigured, uri)
	u, err := url.Parse(uri)
	if err != nil || u.Scheme != "http" || u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" {
		return Redirect{}, wrong
	}
	r := Redirect{host: strings.ToLower(u.Hostname()), path: u.EscapedPath()}
	if r.host != "localhost" && r.host != "127.0.0.1" && r.host != "::1" {
		return Redirect{}, wrong
	}
	if p := u.Port(); p != "" {
		if r.port, err = strconv.Atoi(p); err != nil || r.port < 1 || r.port > 65535 {
			return Redirect{}, wrong
		}
	}
	return r, nil
}

// origin is where the redirect lives once its port is known.
func (r Redirect) origin() string { return "http://" + net.JoinHostPort(r.host, strconv.Itoa(r.port)) }

// uri is what Entra is told and compares when the code is redeemed.
func (r Redirect) uri() string { return r.origin() + r.path }

// decoded is the path of a request for the redirect URI, as net/http has it.
func (r Redirect) decoded() string {
	path, err := url.PathUnescape(r.path)
	if err != nil || path == "" {
		return "/"
	}
	return path
}

// listen opens the port on every address that a browser may take the host for,
// and fills it in. localhost is 127.0.0.1 and ::1 (RFC 8252 section 8.3): were
// only one of them ours, another program on this machine could sit on the
// other and be sent the code.
func (r *Redirect) listen() ([]net.Listener, error) {
	if r.host != "localhost" {
		l, err := net.Listen("tcp", net.JoinHostPort(r.host, strconv.Itoa(r.port)))
		if err != nil {
			return nil, r.busy(err)
		}
		r.port = l.Addr().(*net.TCPAddr).Port
		return []net.Listener{l}, nil
	}
	var err error
	for range 10 {
		var ls []net.Listener
		if ls, err = listenBoth(r.port); err == nil {
			r.port = ls[0].Addr().(*net.TCPAddr).Port
			return ls, nil
		}
		if r.port != 0 {
			break
		}
	}
	return nil, r.busy(err)
}

func (r *Redirect) busy(err error) error {
	if r.port == 0 {
		return &msalcae.Error{Err: fmt.Errorf("no port of this machine can be listened at for the sign-in: %w", err)}
	}
	return &msalcae.Error{Err: fmt.Errorf("port %d of RedirectURI cannot be listened at; end the program that uses it, or leave the port out: %w", r.port, err)}
}

// listenBoth opens one port for both families, as far as the machine has them.
func listenBoth(port int) ([]net.Listener, error) {
	v4, err4 := net.Listen("tcp4", fmt.Sprintf("127.0.0.1:%d", port))
	if err4 != nil {
		if has("tcp4", "127.0.0.1:0") {
			return nil, err4
		}
	} else {
		port = v4.Addr().(*net.TCPAddr).Port
	}
	v6, err6 := net.Listen("tcp6", fmt.Sprintf("[::1]:%d", port))
	switch {
	case err6 == nil && err4 == nil:
		return []net.Listener{v4, v6}, nil
	case err6 == nil:
		return []net.Listener{v6}, nil
	case err4 != nil:
		return nil, err4
	case has("tcp6", "[::1]:0"):
		v4.Close()
		return nil, err6
	}
	return []net.Listener{v4}, nil
}

// has reports whether an address can be listened at in principle.
func has(network, address string) bool {
	l, err := net.Listen(network, address)
	if err != nil {
		return false
	}
	l.Close()
	return true
}
