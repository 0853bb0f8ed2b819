package entratest

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strconv"
	"time"
)

// claimsRequest is the part of a claims parameter that is about the access
// token (OpenID Connect Core section 5.5).
type claimsRequest map[string]claimRequest

type claimRequest struct {
	Essential bool              `json:"essential"`
	Value     json.RawMessage   `json:"value"`
	Values    []json.RawMessage `json:"values"`
}

var errClaims = errors.New("entratest: the claims parameter is malformed")

// parseClaims reads a claims parameter; "" asks for nothing. Members that the
// server does not know are left alone: clients send many.
func parseClaims(text string) (claimsRequest, error) {
	if text == "" {
		return nil, nil
	}
	if len(text) > maxParamBytes {
		return nil, errClaims
	}
	var top map[string]json.RawMessage
	if json.Unmarshal([]byte(text), &top) != nil || top == nil {
		return nil, errClaims
	}
	c := claimsRequest{}
	if token, asked := top["access_token"]; asked && json.Unmarshal(token, &c) != nil {
		return nil, errClaims
	}
	return c, nil
}

// with returns what both ask for; of a claim in both, what more says.
func (c claimsRequest) with(more claimsRequest) claimsRequest {
	both := maps.Clone(c)
	if both == nil {
		return more
	}
	maps.Copy(both, more)
	return both
}

// asked tells whether anything was asked for.
func (c claimRequest) asked() bool { return len(c.Value) > 0 || len(c.Values) > 0 }

// texts returns value and values, strings without their quotes.
func (c claimRequest) texts() []string {
	var all []string
	for _, raw := range append(slices.Clip(c.Values), c.Value) {
		var text string
		if len(raw) == 0 || bytes.Equal(raw, []byte("null")) {
			continue
		}
		if json.Unmarshal(raw, &text) != nil {
			text = string(raw)
		}
		all = append(all, text)
	}
	return all
}

// capabilities returns the client's capabilities that Entra knows, spelled as
// the client spells them.
func (c claimsRequest) capabilities() []string {
	return slices.DeleteFunc(c["xms_cc"].texts(), func(v string) bool { return !hasFold([]string{"cp1"}, v) })
}

// notBefore returns the time that the new token must not be older than.
func (c claimsRequest) notBefore() (time.Time, bool) {
	texts := c["nbf"].texts()
	if len(texts) != 1 {
		return time.Time{}, false
	}
	n, err := strconv.ParseInt(texts[0], 10, 64)
	return time.Unix(n, 0), err == nil
}

// grantable returns the authentication contexts asked for that may be issued:
// those that were satisfied, and those that no policy is bound to.
func (p *policy) grantable(c claimsRequest, satisfied func(id string) bool) []string {
	bound := p.boundContexts()
	return slices.DeleteFunc(c["acrs"].texts(), func(id string) bool {
		return slices.Contains(bound, id) && !satisfied(id)
	})
}

// stepUp returns the authentication contexts for which a person must do more
// before the claims can be granted; empty: nothing more is needed. Of several
// values any one will do.
func (p *policy) stepUp(c claimsRequest, satisfied func(id string) bool) []string {
	bound := p.boundContexts()
	open := func(ids []string) []string {
		return slices.DeleteFunc(slices.Clone(ids), func(id string) bool {
			return !slices.Contains(bound, id) || satisfied(id)
		})
	}
	if slices.Contains(c["capolids"].texts(), policyID) {
		if ids := open(bound); len(ids) > 0 {
			return ids
		}
	}
	acrs := c["acrs"]
	if !acrs.Essential {
		return nil
	}
	asked := acrs.texts()
	ids := open(asked)
	if len(ids) < len(asked) {
		return nil
	}
	return ids
}
