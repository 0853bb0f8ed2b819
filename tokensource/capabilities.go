package tokensource

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/msalcae/msalcae"
	"github.com/msalcae/msalcae/tokensource/internal/entra"
)

// cp1 is the client capability "I answer claims challenges". Without it Entra
// issues short tokens and APIs do not challenge.
// https://learn.microsoft.com/entra/identity-platform/claims-challenge
const cp1 = "cp1"

// capabilities returns cp1 and the caller's, each once in any case. MSAL drops
// all of them without a word if one cannot stand in JSON, so that is refused.
func capabilities(config string, extra []string) ([]string, error) {
	all := []string{cp1}
	seen := map[string]bool{cp1: true}
	for _, c := range extra {
		if c == "" || strings.Trim(strings.ToLower(c), "abcdefghijklmnopqrstuvwxyz0123456789_.-") != "" {
			return nil, fmt.Errorf("%w: %s.Capabilities holds %q; a capability consists of letters, digits, and _ . -", msalcae.ErrMisconfigured, config, c)
		}
		if key := strings.ToLower(c); !seen[key] {
			seen[key] = true
			all = append(all, c)
		}
	}
	return all, nil
}

// A capabilityCheck finds out once whether a client that the caller built
// sends cp1. nil: the client is ours, and does.
type capabilityCheck struct{ state atomic.Int32 }

const (
	cp1Unknown = iota
	cp1Sent
	cp1Missing
)

// checkLimit keeps a check whose outcome is only advice from taking long.
const checkLimit = 5 * time.Second

// verify looks at an authorize URL of the client, which carries the claims
// that the client sends with every request. It runs after a token was obtained
// silently, when MSAL knows the endpoints and makes no request for it, and
// before a person is bothered. Where the URL cannot be had nothing is concluded.
func (c *capabilityCheck) verify(ctx context.Context, authorizeURL func(context.Context) (string, error)) error {
	if c == nil {
		return nil
	}
	if c.state.Load() == cp1Unknown {
		ctx, cancel := context.WithTimeout(ctx, checkLimit)
		defer cancel()
		raw, err := entra.Guard(entra.InMSAL, func() (string, error) { return authorizeURL(ctx) })
		if err != nil {
			return nil
		}
		c.state.Store(sentCapability(raw))
	}
	if c.state.Load() == cp1Missing {
		return fmt.Errorf("%w: the MSAL client was built without capability cp1, so APIs will not send it claims challenges; build it with WithClientCapabilities([]string{\"cp1\"})", msalcae.ErrMisconfigured)
	}
	return nil
}

// sentCapability reads the claims parameter of an authorize URL.
func sentCapability(raw string) int32 {
	u, err := url.Parse(raw)
	if err != nil {
		return cp1Unknown
	}
	text := u.Query().Get("claims")
	if text == "" {
		return cp1Missing
	}
	var claims struct {
		AccessToken struct {
			Capabilities struct {
				Values []string `json:"values"`
			} `json:"xms_cc"`
		} `json:"access_token"`
	}
	if json.Unmarshal([]byte(text), &claims) != nil {
		return cp1Unknown
	}
	for _, v := range claims.AccessToken.Capabilities.Values {
		if strings.EqualFold(v, cp1) {
			return cp1Sent
		}
	}
	return cp1Missing
}
