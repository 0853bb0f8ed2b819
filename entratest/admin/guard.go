package admin

import (
	"errors"
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// admitted refuses requests from elsewhere, and those that a web page makes. A
// page that lets its own host's name point to 127.0.0.1 (DNS rebinding) sends
// that name in Host; a page of another origin sends Origin, or at least what
// the Fetch Metadata specification calls its site.
func admitted(r *http.Request) error {
	if from, err := netip.ParseAddrPort(r.RemoteAddr); err != nil || !from.Addr().Unmap().IsLoopback() {
		return errors.New("only programs on this machine are answered")
	}
	if !loopback(r.Host) {
		return errors.New("the request's Host is not loopback: use 127.0.0.1")
	}
	if origin := r.Header.Get("Origin"); origin != "" && origin != "http://"+r.Host && origin != "https://"+r.Host {
		return errors.New("pages of other origins are not answered")
	}
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "same-origin", "none":
		return nil
	}
	return errors.New("pages of other sites are not answered")
}

// loopback tells whether host, with or without a port, is this machine without
// asking a resolver.
func loopback(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && ip.Unmap().IsLoopback()
}
