package msalcae

import (
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// mayHaveToken decides whether req may be sent with a token, by its URL and
// never by its Host header: the token goes where the connection goes.
func (t *Transport) mayHaveToken(req *http.Request) (bool, error) {
	hosts, err := t.hostList()
	if err != nil {
		return false, err
	}
	u, redirected := req.URL, req.Response != nil
	switch {
	case !hosts.has(u):
		t.skipped(req, "the host is not among those that may receive tokens")
		return false, nil
	case u.Scheme == "https":
		return true, nil
	case redirected && (!plainLoopback(u) || leftHTTPS(req)):
		t.skipped(req, "a redirect led away from https")
		return false, nil
	case plainLoopback(u):
		return true, nil
	}
	return false, fmt.Errorf("%w: a token may not be sent to %s by %s, where others can read it: use https",
		ErrMisconfigured, u.Host, u.Scheme)
}

func (t *Transport) skipped(req *http.Request, reason string) {
	if t.Trace != nil && t.Trace.HostSkipped != nil {
		t.Trace.HostSkipped(req.Context(), HostSkippedInfo{Host: req.URL.Host, Reason: reason})
	}
}

// plainLoopback reports whether u is http to this machine: 127.0.0.0/8, ::1 or
// exactly localhost, which RFC 6761 section 6.3 keeps off the network.
func plainLoopback(u *url.URL) bool {
	if u.Scheme != "http" {
		return false
	}
	name := u.Hostname()
	if foldsTo("localhost", strings.TrimSuffix(name, ".")) {
		return true
	}
	addr, err := netip.ParseAddr(name)
	return err == nil && addr.Zone() == "" && addr.IsLoopback()
}

// leftHTTPS reports whether a redirect on the way to req led from https to
// http, so that whoever answers by http did not prove who it is.
func leftHTTPS(req *http.Request) bool {
	for resp := req.Response; resp != nil; resp = resp.Request.Response {
		if resp.Request == nil || resp.Request.URL == nil {
			return true
		}
		if resp.Request.URL.Scheme == "https" {
			return true
		}
	}
	return false
}

// hostList returns the compiled list. Several goroutines may compile it at
// once: they come to the same result.
func (t *Transport) hostList() (hostList, error) {
	if l := t.hosts.Load(); l != nil {
		return *l, nil
	}
	names, field := t.Hosts, "Transport.Hosts"
	if names == nil {
		if s, ok := t.Source.(interface{ Hosts() []string }); ok {
			names, field = s.Hosts(), "Source.Hosts()"
		}
	}
	if s, ok := t.Source.(interface{ Err() error }); ok && len(names) == 0 {
		if err := s.Err(); err != nil {
			return nil, err // which says more than that there are no hosts
		}
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("%w: it is not known which hosts may receive tokens: "+
			"set Transport.Hosts, for example to \"graph.microsoft.com\"", ErrMisconfigured)
	}
	list := make(hostList, len(names))
	for i, name := range names {
		var err error
		if list[i], err = parseHost(name); err != nil {
			return nil, fmt.Errorf("%w: %s: %q %w", ErrMisconfigured, field, name, err)
		}
	}
	t.hosts.Store(&list)
	return list, nil
}

// A hostList tells which URLs are on it.
type hostList []host

// A host is one entry of a list.
type host struct {
	name string     // in lower case without trailing dot; "" if addr is set
	tail string     // ".suffix" of "*.suffix"; name and addr are unset then
	addr netip.Addr // of an entry that is an IP address
	port string     // "" if the entry names none
}

func (l hostList) has(u *url.URL) bool {
	for i := range l { // as most URLs are written; spares the warm path the rest
		if h := &l[i]; u.Host == h.name && u.Scheme == "https" && h.port == "" && h.name != "" {
			return true
		}
	}
	name, port := u.Hostname(), u.Port()
	if port == "" && u.Scheme == "https" {
		port = "443"
	} else if port == "" {
		port = "80"
	}
	for i := range l {
		h := &l[i]
		if h.port == "" && u.Scheme == "https" && port != "443" || h.port != "" && h.port != port {
			continue
		}
		if h.is(name) {
			return true
		}
	}
	return false
}

func (h *host) is(name string) bool {
	if h.addr.IsValid() {
		addr, err := netip.ParseAddr(name)
		return err == nil && addr == h.addr
	}
	name = strings.TrimSuffix(name, ".")
	if h.tail == "" {
		return foldsTo(h.name, name)
	}
	cut := len(name) - len(h.tail)
	return cut > 0 && foldsTo(h.tail, name[cut:]) && wrong(name) == ""
}

// foldsTo reports whether s is lower but for the case of ASCII letters. It is
// not strings.EqualFold, to which U+017F is an s and U+212A a k.
func foldsTo(lower, s string) bool {
	if len(lower) != len(s) {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != lower[i] {
			return false
		}
	}
	return true
}

// parseHost reads one entry. Its errors are the end of a sentence that begins
// with the entry.
func parseHost(entry string) (host, error) {
	switch {
	case entry == "":
		return host{}, errors.New("is empty")
	case strings.Contains(entry, "://"):
		return host{}, errors.New("has a scheme: write the host alone")
	case strings.ContainsAny(entry, "/?#"):
		return host{}, errors.New("has a path: write the host alone")
	case strings.Contains(entry, "@"):
		return host{}, errors.New("has user information: write the host alone")
	case entry == "*" || entry == "*.":
		return host{}, errors.New("would give every host a token: name the hosts")
	}
	name, port, err := splitPort(entry)
	if err != nil {
		return host{}, err
	}
	if addr, err := netip.ParseAddr(name); err == nil {
		if addr.Zone() != "" {
			return host{}, errors.New("has a zone, which is not supported")
		}
		return host{addr: addr, port: port}, nil
	}
	name, wild := strings.CutPrefix(strings.TrimSuffix(name, "."), "*.")
	if problem := wrong(name); problem != "" {
		return host{}, errors.New(problem)
	}
	name = strings.ToLower(name)
	if wild {
		return host{tail: "." + name, port: port}, nil
	}
	return host{name: name, port: port}, nil
}

// splitPort divides host:port, where host may be an IPv6 address in brackets
// and :port may be missing.
func splitPort(entry string) (name, port string, err error) {
	if rest, ok := strings.CutPrefix(entry, "["); ok {
		name, port, ok = strings.Cut(rest, "]")
		if _, err := netip.ParseAddr(name); err != nil || !ok || !strings.Contains(name, ":") {
			return "", "", errors.New("is not an IPv6 address in brackets")
		}
		if port == "" {
			return name, "", nil
		}
		if port, ok = strings.CutPrefix(port, ":"); !ok {
			return "", "", errors.New("has something other than a port after the address")
		}
	} else if name, port, ok = strings.Cut(entry, ":"); !ok || strings.Contains(port, ":") {
		return entry, "", nil // no port, or an IPv6 address without brackets
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || n == 0 {
		return "", "", errors.New("has a port that is not a number from 1 to 65535")
	}
	return name, strconv.FormatUint(n, 10), nil
}

// wrong says what keeps name from being a host name in ASCII (RFC 1123
// section 2.1, and the underscore, which occurs). "" if nothing does.
func wrong(name string) string {
	label, digits := 0, true // of the label so far: its length, whether it is a number
	for i := range len(name) {
		switch c := name[i]; {
		case c >= 0x80:
			return "is not ASCII: write the name in its xn-- form"
		case c == '*':
			return "has a * that does not stand for all labels in front: write *.suffix"
		case c == '.':
			if label == 0 {
				return "has an empty label"
			}
			label, digits = 0, true
		case c == '-' || c == '_' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z':
			label, digits = label+1, false
		case '0' <= c && c <= '9':
			label++
		default:
			return "is not a host name"
		}
	}
	if label == 0 {
		return "has an empty label"
	}
	if digits {
		return "is not an IP address, but ends like one"
	}
	return ""
}
