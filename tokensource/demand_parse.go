package tokensource

import (
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"strings"
	"unicode/utf8"

	"github.com/msalcae/msalcae/wwwauth"
)

// maxSafeInteger is the largest integer that every JSON implementation keeps.
var maxSafeInteger = big.NewInt(1 << 53)

// parseDemand reads a decoded claims challenge. Its errors wrap
// wwwauth.ErrMalformedClaims. A challenge that asks nothing of the access
// token gives an empty demand: a newer token will do.
func parseDemand(claims string) (demand, error) {
	if len(claims) > maxDemandBytes || !utf8.ValidString(claims) {
		return nil, fmt.Errorf("%w: larger than 8 KiB or not UTF-8", wwwauth.ErrMalformedClaims)
	}
	dec := json.NewDecoder(strings.NewReader(claims))
	dec.UseNumber()
	v, err := decodeStrict(dec, 0)
	if err == nil {
		if _, more := dec.Token(); more != io.EOF {
			err = fmt.Errorf("text follows the object")
		}
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", wwwauth.ErrMalformedClaims, err)
	}
	top, ok := v.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("%w: not a JSON object", wwwauth.ErrMalformedClaims)
	}
	member, present := top["access_token"]
	if !present {
		return demand{}, nil
	}
	members, ok := member.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("%w: access_token is not an object", wwwauth.ErrMalformedClaims)
	}
	delete(members, "xms_cc")
	return demandOf(members), nil
}

// Claims may come from elsewhere than wwwauth.Claims, which has such limits of
// its own.
const (
	maxDemandBytes = 8 << 10
	maxDemandDepth = 16
)

func decodeStrict(dec *json.Decoder, depth int) (any, error) {
	if depth > maxDemandDepth {
		return nil, fmt.Errorf("nested too deeply")
	}
	t, err := dec.Token()
	if err != nil {
		return nil, fmt.Errorf("not JSON")
	}
	switch t := t.(type) {
	case json.Number:
		return t, checkNumber(t)
	case json.Delim:
		if t == '[' {
			return decodeArray(dec, depth)
		}
		return decodeObject(dec, depth)
	default:
		return t, nil
	}
}

func decodeArray(dec *json.Decoder, depth int) (any, error) {
	list := []any{}
	for dec.More() {
		v, err := decodeStrict(dec, depth+1)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	_, err := dec.Token()
	return list, err
}

func decodeObject(dec *json.Decoder, depth int) (any, error) {
	object := map[string]any{}
	for dec.More() {
		t, err := dec.Token()
		name, ok := t.(string)
		if err != nil || !ok {
			return nil, fmt.Errorf("not JSON")
		}
		if _, twice := object[name]; twice {
			return nil, fmt.Errorf("a name occurs twice in one object")
		}
		if object[name], err = decodeStrict(dec, depth+1); err != nil {
			return nil, err
		}
	}
	_, err := dec.Token()
	return object, err
}

// checkNumber refuses what MSAL's float64 would change on the way to Entra.
func checkNumber(n json.Number) error {
	if i, ok := new(big.Int).SetString(n.String(), 10); ok && i.CmpAbs(maxSafeInteger) <= 0 {
		return nil
	}
	f, err := n.Float64()
	if err != nil || strings.ContainsAny(n.String(), "eE") || f >= 1<<53 || f <= -(1<<53) {
		return fmt.Errorf("a number is too large to be passed on unchanged")
	}
	return nil
}
