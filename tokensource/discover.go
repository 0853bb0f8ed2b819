package tokensource

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/msalcae/msalcae"
	"github.com/msalcae/msalcae/internal/inflight"
	"github.com/msalcae/msalcae/tokensource/internal/entra"
	"github.com/msalcae/msalcae/wwwauth"
)

// discoverLimit bounds the request of Discover.
const discoverLimit = 10 * time.Second

// Discover asks the API at address, without a token, what it takes tokens of:
// its refusal says from which authority and for which scope. One GET is sent;
// redirects are followed to the same origin only; the body is not read, no
// cookie is sent, and after 10 seconds there is an error.
//
// client is a plain one, nil for one like http.DefaultClient. address is https,
// or http to loopback. hosts are authorities, as host[:port], that may be named
// besides Microsoft's.
//
// The answer is the API's word. A sign-in goes to Microsoft's hosts or to one of
// hosts, but an API can name another one's scope: let a Transport send the
// tokens, which gives them to the hosts that they are for and to no others.
//
// Errors are wwwauth.ErrNoAuthority if the API says nothing, wwwauth's
// ErrUnknownAuthority, msalcae.ErrMisconfigured for arguments that cannot be
// right, *url.Error where there was no answer, or those of ctx.
func Discover(ctx context.Context, client *http.Client, address string, hosts ...string) (wwwauth.Resource, error) {
	u, err := resourceAddress(address)
	if err != nil {
		return wwwauth.Resource{}, err
	}
	plain, err := unauthenticated(client)
	if err != nil {
		return wwwauth.Resource{}, err
	}
	limited, cancel := context.WithTimeout(inflight.Mark(ctx), discoverLimit) // a Transport below client refuses
	defer cancel()
	req, err := http.NewRequestWithContext(limited, http.MethodGet, u.String(), nil)
	if err != nil {
		return wwwauth.Resource{}, fmt.Errorf("%w: the address cannot be asked", msalcae.ErrMisconfigured)
	}
	resp, err := plain.Do(req)
	if err != nil {
		if ended := ctx.Err(); ended != nil {
			return wwwauth.Resource{}, ended
		}
		if inner := errors.Unwrap(err); errors.Is(inner, msalcae.ErrMisconfigured) {
			return wwwauth.Resource{}, inner
		}
		return wwwauth.Resource{}, fmt.Errorf("msalcae: the API could not be asked where its tokens come from: %w", entra.WithoutQuery(err))
	}
	_ = resp.Body.Close()
	r, err := wwwauth.ResourceOf(resp.Header, hosts...)
	switch {
	case err == nil:
		return r, nil
	case errors.Is(err, wwwauth.ErrNoAuthority) && resp.StatusCode/100 == 3:
		return wwwauth.Resource{}, fmt.Errorf("msalcae: %s redirects elsewhere, which is not followed: %w", u.Host, err)
	}
	return wwwauth.Resource{}, fmt.Errorf("msalcae: %s answered HTTP %d: %w", u.Host, resp.StatusCode, err)
}

// resourceAddress checks an API's address and drops what is never sent.
func resourceAddress(address string) (*url.URL, error) {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Hostname() == "":
		return nil, fmt.Errorf("%w: the address of an API begins with https:// and a host", msalcae.ErrMisconfigured)
	case u.Scheme != "https" && !(u.Scheme == "http" && entra.LoopbackHost(strings.ToLower(u.Hostname()))):
		return nil, fmt.Errorf("%w: anybody on the way could answer for %s; ask it over https", msalcae.ErrMisconfigured, u.Host)
	case u.User != nil:
		return nil, fmt.Errorf("%w: the address has a user in it; ask without", msalcae.ErrMisconfigured)
	}
	return u, nil
}

// unauthenticated returns client as one that says nothing of who asks.
func unauthenticated(client *http.Client) (*http.Client, error) {
	plain := &http.Client{CheckRedirect: entra.SameOriginReads}
	if client == nil {
		return plain, nil
	}
	if _, ours := client.Transport.(*msalcae.Transport); ours {
		return nil, fmt.Errorf("%w: Discover asks without a token; give it a plain http.Client", msalcae.ErrMisconfigured)
	}
	plain.Transport, plain.Timeout = client.Transport, client.Timeout
	return plain, nil
}
