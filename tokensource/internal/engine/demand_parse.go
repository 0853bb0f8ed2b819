package engine

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/msalcae/msalcae/wwwauth"
)

// Claims may come from elsewhere than wwwauth.Claims, which has such limits of
// its own.
const (
	maxDemandBytes = 8 << 10
	maxDemandDepth = 16
)

// ParseDemand reads a decoded claims challenge. Its errors wrap
// wwwauth.ErrMalformedClaims. A challenge that asks nothing of the access
// token gives an empty demand: a newer token will do.
func ParseDemand(claims string) (Demand, error) {
	if len(claims) > maxDemandBytes || !utf8.ValidString(claims) {
		return nil, fmt.Errorf("%w: larger than 8 KiB or not UTF-8", wwwauth.ErrMalformedClaims)
	}
	members, err := accessTokenClaims(claims)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", wwwauth.ErrMalformedClaims, err)
	}
	return members, nil
}

// accessTokenClaims returns what claims asks of the access token.
func accessTokenClaims(claims string) (Demand, error) {
	text := bytes.NewBuffer(make([]byte, 0, len(claims)))
	if json.Compact(text, []byte(claims)) != nil {
		return nil, errors.New("not JSON")
	}
	r := strictReader{text: text.String()}
	if r.text[0] != '{' {
		return nil, errors.New("not a JSON object")
	}
	wanted := ""
	if err := r.object(0, func(name, value string) {
		if name == "access_token" {
			wanted = value
		}
	}); err != nil {
		return nil, err
	}
	d := Demand{}
	switch {
	case wanted == "":
		return d, nil
	case wanted[0] != '{':
		return nil, errors.New("access_token is not an object")
	}
	r = strictReader{text: wanted}
	err := r.object(1, func(name, value string) {
		if name != "xms_cc" {
			d[name] = claimOf(name, value)
		}
	})
	return d, err
}

// A strictReader goes through compact JSON, known to be valid, and refuses what
// JSON libraries read differently: a name that occurs twice in one object, and
// numbers that they round.
type strictReader struct {
	text string
	at   int
}

// value goes past the value at r.at.
func (r *strictReader) value(depth int) error {
	if depth > maxDemandDepth {
		return errors.New("nested too deeply")
	}
	switch c := r.text[r.at]; c {
	case '{':
		return r.object(depth, func(string, string) {})
	case '[':
		return r.array(depth)
	case '"':
		r.pastString()
	case 't', 'n':
		r.at += len("true")
	case 'f':
		r.at += len("false")
	default:
		return r.number()
	}
	return nil
}

// object goes past the object at r.at, and calls each with its members.
func (r *strictReader) object(depth int, each func(name, value string)) error {
	names := make([]string, 0, 8)
	for r.at++; r.text[r.at] != '}'; {
		if r.text[r.at] == ',' {
			r.at++
		}
		from := r.at
		r.pastString()
		name := unquoted(r.text[from:r.at])
		names = append(names, name)
		r.at++ // the colon
		from = r.at
		if err := r.value(depth + 1); err != nil {
			return err
		}
		each(name, r.text[from:r.at])
	}
	r.at++
	slices.Sort(names)
	if n := len(names); len(slices.Compact(names)) < n {
		return errors.New("a name occurs twice in one object")
	}
	return nil
}

func (r *strictReader) array(depth int) error {
	for r.at++; r.text[r.at] != ']'; {
		if r.text[r.at] == ',' {
			r.at++
		}
		if err := r.value(depth + 1); err != nil {
			return err
		}
	}
	r.at++
	return nil
}

func (r *strictReader) pastString() {
	for r.at++; r.text[r.at] != '"'; r.at++ {
		if r.text[r.at] == '\\' {
			r.at++
		}
	}
	r.at++
}

// unquoted is a JSON string's value.
func unquoted(s string) string {
	if !strings.Contains(s, `\`) {
		return s[1 : len(s)-1]
	}
	var value string
	_ = json.Unmarshal([]byte(s), &value) // it is valid
	return value
}

// number refuses what MSAL's float64 would change on the way to Entra.
func (r *strictReader) number() error {
	from := r.at
	for r.at < len(r.text) && strings.IndexByte("+-.0123456789Ee", r.text[r.at]) >= 0 {
		r.at++
	}
	n := json.Number(r.text[from:r.at])
	if i, ok := new(big.Int).SetString(n.String(), 10); ok && i.CmpAbs(maxSafeInteger) <= 0 {
		return nil
	}
	f, err := n.Float64()
	if err != nil || strings.ContainsAny(n.String(), "eE") || f >= 1<<53 || f <= -(1<<53) {
		return errors.New("a number is too large to be passed on unchanged")
	}
	return nil
}

// maxSafeInteger is the largest integer that every JSON implementation keeps.
var maxSafeInteger = big.NewInt(1 << 53)
