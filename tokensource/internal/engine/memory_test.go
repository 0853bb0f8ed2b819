package engine

import (
	"context"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unsafe"
	"weak"

	"github.com/msalcae/msalcae"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A service has very many sources, and one event may void the tokens of them all:
// each keeps the text of the token in use, and for the callers of a storm that of
// the last one refused, until the first refresh.
func TestTokensThatAreNotSentLeaveMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var texts []weak.Pointer[byte]
		s := New(func(context.Context, msalcae.TokenRequest) (*msalcae.Token, error) {
			text := strconv.Itoa(len(texts)) + strings.Repeat(".", 2<<10)
			texts = append(texts, weak.Make(unsafe.StringData(text)))
			return &msalcae.Token{Value: text, ExpiresOn: time.Now().Add(time.Hour)}, nil
		})
		alive := func() (n int) {
			synctest.Wait()
			runtime.GC()
			for _, text := range texts {
				if text.Value() != nil {
					n++
				}
			}
			return n
		}
		tok, err := s.Token(t.Context(), msalcae.TokenRequest{})
		require.NoError(t, err)
		for n := range 3 {
			tok, err = s.Token(t.Context(), msalcae.TokenRequest{Claims: nbf(n), Rejected: tok.Value})
			require.NoError(t, err)
		}
		assert.Equal(t, 2, alive(), "of those that were refused the last one")
		tok = nil
		for range 3 {
			time.Sleep(56 * time.Minute)
			_, err = s.Token(t.Context(), msalcae.TokenRequest{})
			require.NoError(t, err)
			assert.Equal(t, 1, alive(), "of those that were refused or refreshed none")
		}
		require.Len(t, texts, 7)
		assert.NotNil(t, texts[6].Value())
	})
}

// Who names no token that was refused does not mean the last one that was.
func TestChallengeThatNamesNoToken(t *testing.T) {
	s := New((&issuer{}).acquire)
	challenge(t, s, nbf(0), token(t, s))
	w := want{req: msalcae.TokenRequest{Claims: acrs("c1")}, challenge: true}
	require.NoError(t, s.read(&w))
	assert.Zero(t, w.rejected)
}
