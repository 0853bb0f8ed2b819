package wwwauth_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/msalcae/msalcae/wwwauth"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A vector is one entry of testdata/headers.json; the README beside it has the
// schema.
type vector struct {
	ID         string
	Status     int
	Headers    []text
	Challenges []challenge // nil: anything
	Policy     bool
	verdict
	AlsoAccept []verdict `json:"also_accept"`
}

type challenge struct {
	Scheme, Token68 string
	Params          map[string]string
}

type verdict struct {
	Outcome string
	Claims  *text
}

// A text is a JSON string, or an object that says how to make a long one.
type text string

func (t *text) UnmarshalJSON(b []byte) error {
	var s string
	if json.Unmarshal(b, &s) == nil {
		*t = text(s)
		return nil
	}
	var g struct {
		Gen    []text
		B64    []text
		Repeat []json.RawMessage
	}
	if err := json.Unmarshal(b, &g); err != nil {
		return err
	}
	switch {
	case g.Repeat != nil:
		var n int
		if err := errors.Join(json.Unmarshal(g.Repeat[0], &s), json.Unmarshal(g.Repeat[1], &n)); err != nil {
			return err
		}
		*t = text(strings.Repeat(s, n))
	case g.B64 != nil:
		*t = text(base64.StdEncoding.EncodeToString([]byte(join(g.B64))))
	case g.Gen != nil:
		*t = text(join(g.Gen))
	default:
		return fmt.Errorf("no text: %s", b)
	}
	return nil
}

func join(parts []text) string {
	var b strings.Builder
	for _, p := range parts {
		b.WriteString(string(p))
	}
	return b.String()
}

func (v vector) response() *http.Response {
	h := http.Header{}
	for _, f := range v.Headers {
		h.Add("WWW-Authenticate", string(f))
	}
	return &http.Response{StatusCode: v.Status, Header: h}
}

func vectors(tb testing.TB) []vector {
	b, err := os.ReadFile("../testdata/headers.json")
	require.NoError(tb, err)
	var all []vector
	require.NoError(tb, json.Unmarshal(b, &all))
	require.Len(tb, all, 334)
	return all
}

func TestVectorsParse(t *testing.T) {
	for _, v := range vectors(t) {
		t.Run(v.ID, func(t *testing.T) {
			got := wwwauth.Parse(v.response().Header)
			for _, c := range got {
				assertClean(t, c)
			}
			if v.Challenges == nil || v.Policy {
				return
			}
			require.Len(t, got, len(v.Challenges), "%+v", got)
			for i, want := range v.Challenges {
				assert.Equal(t, want, challenge(got[i]))
			}
		})
	}
}

func TestVectorsClaims(t *testing.T) {
	for _, v := range vectors(t) {
		t.Run(v.ID, func(t *testing.T) {
			claims, err := wwwauth.Claims(v.response())
			got := verdict{Outcome: "no_challenge"}
			switch {
			case err != nil:
				require.ErrorIs(t, err, wwwauth.ErrMalformedClaims)
				require.Empty(t, claims)
				got.Outcome = "malformed_claims"
			case claims != "":
				got = verdict{Outcome: "claims", Claims: (*text)(&claims)}
			}
			assert.Contains(t, append(v.AlsoAccept, v.verdict), got, "error: %v", err)
		})
	}
}

// assertClean checks that no control character of a header came through.
func assertClean(t *testing.T, c wwwauth.Challenge) {
	t.Helper()
	all := c.Scheme + c.Token68
	for name, v := range c.Params {
		all += name + v
	}
	assert.False(t, hasControl(all), "%q", all)
}
