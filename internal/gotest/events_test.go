package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestReaderPrintsWhatGoTestPrints(t *testing.T) {
	const events = `{"Action":"start","Package":"p"}
{"Action":"run","Package":"p","Test":"TestGood"}
{"Action":"output","Package":"p","Test":"TestGood","Output":"=== RUN   TestGood\n"}
{"Action":"output","Package":"p","Test":"TestGood","Output":"    good_test.go:3: chatter\n"}
{"Action":"output","Package":"p","Test":"TestGood","Output":"--- PASS: TestGood (0.00s)\n"}
{"Action":"pass","Package":"p","Test":"TestGood"}
{"Action":"output","Package":"p","Test":"TestBad","Output":"=== RUN   TestBad\n"}
{"Action":"output","Package":"p","Test":"TestBad/sub","Output":"=== RUN   TestBad/sub\n"}
{"Action":"output","Package":"p","Test":"TestBad/sub","Output":"    bad_test.go:9: 1 is not 2\n"}
{"Action":"output","Package":"p","Test":"TestBad","Output":"--- FAIL: TestBad (0.01s)\n"}
{"Action":"output","Package":"p","Test":"TestBad/sub","Output":"    --- FAIL: TestBad/sub (0.00s)\n"}
{"Action":"fail","Package":"p","Test":"TestBad/sub"}
{"Action":"fail","Package":"p","Test":"TestBad"}
{"Action":"output","Package":"p","Test":"TestElsewhere","Output":"    else_test.go:5: only on Windows\n"}
{"Action":"output","Package":"p","Test":"TestElsewhere","Output":"--- SKIP: TestElsewhere (0.00s)\n"}
{"Action":"skip","Package":"p","Test":"TestElsewhere"}
{"Action":"output","Package":"p","Test":"TestHung","Output":"panic: test timed out\n"}
{"Action":"output","Package":"p","Output":"FAIL\tp\t0.1s\n"}
{"Action":"fail","Package":"p"}
{"Action":"output","Package":"q","Output":"PASS\n"}
{"Action":"output","Package":"q","Output":"ok  \tq\t0.1s\n"}
{"Action":"pass","Package":"q"}
{"Action":"output","Package":"r","Output":"?   \tr\t[no test files]\n"}
{"Action":"skip","Package":"r"}
{"ImportPath":"s","Action":"build-output","Output":"s.go:1:1: expected package\n"}
go: something in plain text
`
	var out strings.Builder
	r := reader{out: &out}
	require.NoError(t, r.read(strings.NewReader(events)))
	assert.Equal(t, `    bad_test.go:9: 1 is not 2
--- FAIL: TestBad (0.01s)
    --- FAIL: TestBad/sub (0.00s)
panic: test timed out
FAIL	p	0.1s
ok  	q	0.1s
?   	r	[no test files]
s.go:1:1: expected package
go: something in plain text
`, out.String())
	assert.Equal(t, []string{"TestElsewhere in p: else_test.go:5: only on Windows"}, r.skipped)
}
