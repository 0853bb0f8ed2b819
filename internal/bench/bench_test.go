package main

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/msalcae/msalcae/wwwauth"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Every peer does what is measured of it: a warm request, and a challenged one
// with claims that reach the token service.
func TestPeers(t *testing.T) {
	for _, p := range append(warmPeers, otherPeers...) {
		if p.name != stubName {
			require.NoError(t, p.make(&api{}, &sts{})(t.Context()), p.name)
		}
	}
	for _, p := range challengedPeers {
		tokens, resource := &sts{}, &api{}
		call := p.make(resource, tokens)
		require.NoError(t, call(t.Context()), p.name)
		resource.revoke(tokens)
		require.NoError(t, call(t.Context()), p.name)
		assert.EqualValues(t, 2, tokens.requests.Load(), p.name)
		assert.EqualValues(t, 3, resource.sends.Load(), p.name)
	}
}

// Ours meets every storm with one token request.
func TestStorms(t *testing.T) {
	for _, kind := range stormKinds {
		kind.callers = min(kind.callers, 200)
		n, _ := kind.meet(peer{"ours", oursApp})
		assert.EqualValues(t, 1, n, kind.name)
	}
}

// All that read a challenge read the same.
func TestHeadersAgree(t *testing.T) {
	claims, err := wwwauth.Claims(unauthorized(graphPoP + challengeSince(1604106651)))
	require.NoError(t, err)
	assert.Equal(t, `{"access_token":{"nbf":{"essential":true, "value":"1604106651"}}}`, claims)
}

// A body is kept in no more memory than the limit and a little.
func TestReplays(t *testing.T) {
	_, bare := upload(0, "nothing")
	for _, kind := range []string{"with GetBody", "a stream", "a file"} {
		says, most := upload(4<<20, kind)
		if kind == "with GetBody" {
			assert.Contains(t, says, "sent again")
		} else {
			assert.Contains(t, says, "not replayable")
		}
		assert.Less(t, most-bare, int64(1<<20+256<<10), kind)
	}
}

// The parts that take no time print rows of the table's form.
func TestReport(t *testing.T) {
	var out bytes.Buffer
	r := newReport(&out)
	r.head()
	s := settings{rounds: 1, batch: time.Millisecond}
	parallel(r, s)
	challenges(r, s)
	for line := range strings.Lines(out.String()) {
		assert.Equal(t, 8, strings.Count(line, "|"), line)
		assert.NotContains(t, line, "NaN")
	}
	assert.Contains(t, out.String(), "| "+floorName+" | ")
}

// A crowd has a source and a token for each.
func TestCrowd(t *testing.T) {
	people, source, _ := crowd(50)
	require.Len(t, people, 50)
	assert.NotSame(t, source(people[0]), source(people[49]))
	assert.Same(t, source(people[0]), source(people[0]))
	assert.NoError(t, oursAccount(canned{}, &sts{})(context.Background()))
}
