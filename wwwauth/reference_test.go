package wwwauth_test

import (
	"math/rand/v2"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/msalcae/msalcae/wwwauth"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The grammar of RFC 9110 sections 5.6 and 11, and nothing beyond it.
const (
	reToken   = "[!#$%&'*+.^_`|~0-9A-Za-z-]+"
	reToken68 = `[0-9A-Za-z._~+/-]+=*`
	reQuoted  = `"(?:[^\x00-\x08\x0a-\x1f\x7f"\\]|\\[^\x00-\x08\x0a-\x1f\x7f])*"`
	reParam   = `(` + reToken + `)[ \t]*=[ \t]*(` + reToken + `|` + reQuoted + `)`
)

var (
	elementOfList  = regexp.MustCompile(`^(?:[^",]|` + reQuoted + `)*`)
	onlyParam      = regexp.MustCompile(`^` + reParam + `$`)
	onlyScheme     = regexp.MustCompile(`^(` + reToken + `)$`)
	schemeToken68  = regexp.MustCompile(`^(` + reToken + `) +(` + reToken68 + `)$`)
	schemeAndParam = regexp.MustCompile(`^(` + reToken + `) +` + reParam + `$`)
	quotedPair     = regexp.MustCompile(`(?s)\\(.)`)
)

// reference parses one field by the RFC alone. It reports false for a field
// that the RFC does not allow.
func reference(field string) (all []wwwauth.Challenge, ok bool) {
	mayHaveParams := false
	for {
		element := elementOfList.FindString(field)
		trimmed := strings.Trim(element, " \t")
		var name, value string
		if m := schemeAndParam.FindStringSubmatch(trimmed); m != nil {
			all = append(all, wwwauth.Challenge{Scheme: m[1], Params: map[string]string{}})
			mayHaveParams = true
			name, value = m[2], m[3]
		} else if m := schemeToken68.FindStringSubmatch(trimmed); m != nil {
			all = append(all, wwwauth.Challenge{Scheme: m[1], Token68: m[2], Params: map[string]string{}})
			mayHaveParams = false
		} else if m := onlyScheme.FindStringSubmatch(trimmed); m != nil {
			all = append(all, wwwauth.Challenge{Scheme: m[1], Params: map[string]string{}})
			mayHaveParams = strings.HasPrefix(strings.TrimLeft(element, " \t")[len(m[1]):], " ")
		} else if m := onlyParam.FindStringSubmatch(trimmed); m != nil && mayHaveParams {
			name, value = m[1], m[2]
		} else if trimmed != "" {
			return nil, false
		}
		if name != "" {
			if inside, quoted := strings.CutPrefix(value, `"`); quoted {
				value = quotedPair.ReplaceAllString(strings.TrimSuffix(inside, `"`), "$1")
			}
			params := all[len(all)-1].Params
			if _, twice := params[strings.ToLower(name)]; !twice {
				params[strings.ToLower(name)] = value
			}
		}
		if len(element) == len(field) {
			return all, true
		}
		if field[len(element)] != ',' {
			return nil, false
		}
		field = field[len(element)+1:]
	}
}

func parse(fields ...string) []wwwauth.Challenge {
	return wwwauth.Parse(http.Header{"Www-Authenticate": fields})
}

// assertAsReference checks that a field that the RFC allows is read as it says.
func assertAsReference(t *testing.T, field string) (allowed bool) {
	t.Helper()
	if len(field) > wwwauth.MaxHeaderBytes || strings.Count(field, "=") > wwwauth.MaxParams {
		return false
	}
	want, ok := reference(field)
	if !ok || len(want) > wwwauth.MaxChallenges {
		return false
	}
	return assert.Equal(t, want, parse(field), "%q", field)
}

func TestReferenceReadsVectors(t *testing.T) {
	compared := 0
	for _, v := range vectors(t) {
		for _, f := range v.Headers {
			if assertAsReference(t, string(f)) {
				compared++
			}
		}
	}
	require.Greater(t, compared, 200)
}

// Every short string over the characters that mean something.
func TestReferenceExhaustive(t *testing.T) {
	const chars = `a= ,"\`
	allowed := 0
	var try func(prefix string, n int)
	try = func(prefix string, n int) {
		if assertAsReference(t, prefix) {
			allowed++
		}
		if n > 0 {
			for i := range len(chars) {
				try(prefix+chars[i:i+1], n-1)
			}
		}
	}
	try("", 4)
	try("a b", 3)
	try(`a b="`, 3)
	require.Greater(t, allowed, 200)
}

// Long fields that the RFC allows, put together at random from a fixed seed.
func TestReferenceRandom(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	pick := func(s ...string) string { return s[r.IntN(len(s))] }
	param := func() string {
		return pick("realm", "error", "Claims", "a", "X-y") + pick("=", "=", " = ", "\t=") +
			pick("token", `""`, `"quoted"`, `"a, b=c"`, `"\\"`, `"\""`, `"say \"x\", y=z"`, "\"\xc3\xa4\xff\t\"", "!#$%&'*+.^_`|~")
	}
	comma := func() string { return pick(", ", ",", " ,\t", ",,", " , ,") }
	for range 1000 {
		var b strings.Builder
		b.WriteString(pick("", " ", ",", ", "))
		for range 1 + r.IntN(4) {
			b.WriteString(pick("Bearer", "Basic", "NTLM", "PoP", "x.y"))
			switch r.IntN(4) {
			case 0:
				b.WriteString(pick(" ", "   ") + pick("YII=", "a==", "abc", "a/b+c=", "9"))
			case 1:
			default:
				b.WriteString(pick(" ", "  ", " , ", " ,,"))
				for range 1 + r.IntN(5) {
					b.WriteString(param() + comma())
				}
				b.WriteString(param())
			}
			b.WriteString(comma())
		}
		require.True(t, assertAsReference(t, b.String()), "not allowed by the reference: %q", b.String())
	}
}
