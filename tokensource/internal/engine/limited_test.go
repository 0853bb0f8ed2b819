package engine

import (
	"context"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/msalcae/msalcae"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// An unlooker is an error that ends whatever goroutine compares it.
type unlooker struct{ error }

func (unlooker) Is(error) bool { runtime.Goexit(); return false }

// A typed nil is an error that panics when it is looked at.
func TestErrorsThatCannotBeLookedAt(t *testing.T) {
	var none *msalcae.Error
	for name, bad := range map[string]error{"panicked": none, "neither a token nor an error": unlooker{errStoreDown}} {
		synctest.Test(t, func(t *testing.T) {
			entra := &issuer{}
			entra.answer = func(n int, _ msalcae.TokenRequest) (*msalcae.Token, error) {
				if n <= 2 {
					return nil, bad
				}
				return nil, nil
			}
			s := New(entra.acquire)
			for range 2 {
				ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
				_, err := s.Token(ctx, msalcae.TokenRequest{})
				cancel()
				require.ErrorContains(t, err, name)
			}
			assert.Equal(t, "token-3", token(t, s), "the flight ended, and the next is another")
		})
	}
}
