package wwwauth

import (
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// hostile makes headers of about n bytes, each the worst for some way to read
// them.
var hostile = map[string]func(n int) string{
	"schemes":            fill("", "A, ", ""),
	"words":              fill("Bearer ", "a ", `="`),
	"word":               fill("", "a", ""),
	"commas":             fill("Bearer ", ",", ""),
	"blanks":             fill("Bearer a", " ", `b="`),
	"blanks before =":    fill("Bearer a", " ", `="b"`),
	"junk and blanks":    fill("Bearer ", "@      ", ""),
	"junk before words":  fill("Bearer ", ",@ abcdefgh", ""),
	"junk":               fill("Bearer ", `@=" `, ""),
	"quotes":             fill("Bearer realm=", `"`, ""),
	"open quotes":        fill("Bearer ", `a="b,`, ""),
	"escapes":            fill(`Bearer realm="`, `\"`, `"`),
	"late escape":        fill(`Bearer realm="`, `a`, `\"`),
	"open escape":        fill(`Bearer realm="`, `\`, ""),
	"open escapes":       fill(`Bearer realm="`, `\"`, ""),
	"junk word":          fill("Bearer @", "a", ""),
	"params":             fill("Bearer ", `a="b", `, ""),
	"escaped params":     fill("Bearer ", `a="b\\", c="`, ""),
	"params and schemes": fill("", `a b=c `, ""),
	"token68":            fill("", "a b=, ", ""),
	"token68 or not":     fill("a ", "b=", " x"),
	"equals":             fill("a b", "=", "="),
	"controls":           fill(`Bearer realm="`, "\x00", `"`),
	"tabs":               fill(`Bearer realm="`, "\t", `"`),
	"claims":             fill("", `Bearer error=insufficient_claims,claims=AAAA,`, ""),
	"long claims":        fill(`Bearer error="insufficient_claims", claims="`, "A", `"`),
	"blank claims":       fill(`Bearer error="insufficient_claims", claims="`, " ", `"`),
	"claims that differ": fill(`Bearer error="insufficient_claims",claims="\a"`, `,claims="\b"`, ""),
	"same claims":        fill(`Bearer error="insufficient_claims"`, `,claims="\a"`, ""),
	"long and short":     longAndShort,
	"deep claims":        fill(`Bearer error="insufficient_claims", claims="`, `{\"a\":`, `"`),
	"most parameters":    mostParams(`A%d="\%x",`),
	"smallest params":    mostParams(`a%d=b,`),
}

// fill repeats unit between before and after.
func fill(before, unit, after string) func(int) string {
	return func(n int) string {
		return before + strings.Repeat(unit, max(0, n-len(before)-len(after))/len(unit)) + after
	}
}

// longAndShort has one long value for claims and many short ones.
func longAndShort(n int) string {
	long := strings.Repeat(`\a`, n/4)
	return fill(`Bearer error="insufficient_claims",claims="`+long+`"`, `,claims="\b"`, "")(n)
}

// mostParams has as many challenges and parameters as are read.
func mostParams(format string) func(int) string {
	return func(n int) string {
		var b strings.Builder
		for c := range MaxChallenges {
			fmt.Fprintf(&b, "s%d ", c)
			for p := range MaxParams {
				if b.Len() < n/2 {
					fmt.Fprintf(&b, format, p, p%10)
				}
			}
		}
		return fill(b.String(), "x", "")(n)
	}
}

// Time is linear: the bytes looked at are at most a fixed multiple of those
// there, whatever the header and however long it is.
func TestWorkIsLinear(t *testing.T) {
	for name, build := range hostile {
		for _, n := range []int{100, 1000, 10_000, MaxHeaderBytes} {
			header := build(n)
			sc := scan([]string{header})
			for sc.next() != end {
			}
			assert.LessOrEqual(t, sc.work, 5*len(header)+5, "%s, %d bytes", name, n)
		}
	}
}

// Many fields cost no more than one.
func TestWorkIsLinearInFields(t *testing.T) {
	sc := scan(strings.Split(strings.Repeat("Bearer a=\"b\\\\\"\n", 4000), "\n"))
	for sc.next() != end {
	}
	assert.LessOrEqual(t, sc.work, 5*MaxHeaderBytes)
}

// Memory is at most four times the header.
func TestMemoryIsBounded(t *testing.T) {
	for name, build := range hostile {
		field := build(MaxHeaderBytes)
		resp := &http.Response{StatusCode: http.StatusUnauthorized, Header: http.Header{"Www-Authenticate": {field}}}
		assert.LessOrEqual(t, allocated(func() { Parse(resp.Header) }), uint64(4*MaxHeaderBytes), "Parse, %s", name)
		assert.LessOrEqual(t, allocated(func() { _, _ = Claims(resp) }), uint64(4*MaxHeaderBytes), "Claims, %s", name)
		assert.LessOrEqual(t, allocated(func() { Why(resp) }), uint64(4*MaxHeaderBytes), "Why, %s", name)
	}
}

// allocated returns how many bytes f allocates, those freed again included.
func allocated(f func()) uint64 {
	f()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range 10 {
		f()
	}
	runtime.ReadMemStats(&after)
	return (after.TotalAlloc - before.TotalAlloc) / 10
}

func BenchmarkHostile(b *testing.B) {
	for name, build := range hostile {
		resp := &http.Response{StatusCode: http.StatusUnauthorized, Header: http.Header{"Www-Authenticate": {build(MaxHeaderBytes)}}}
		b.Run("Parse/"+name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Parse(resp.Header)
			}
		})
		b.Run("Claims/"+name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _ = Claims(resp)
			}
		})
	}
}
