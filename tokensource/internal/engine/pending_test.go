package engine

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/msalcae/msalcae"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Of challenges with one meaning the next token request carries the newest
// times and addresses.
func TestNewestFormOfWhatIsPendingIsAskedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{latency: time.Second}
		entra.answer = func(n int, _ msalcae.TokenRequest) (*msalcae.Token, error) {
			if n == 2 {
				return nil, errors.New("no network")
			}
			return nil, nil
		}
		s := New(entra.acquire)
		revoked := token(t, s)
		for n := range 3 {
			go s.Token(t.Context(), msalcae.TokenRequest{Claims: nbf(n), Rejected: revoked})
			synctest.Wait()
		}
		time.Sleep(2 * time.Second)
		token(t, s)
		assert.JSONEq(t, nbf(2), entra.claims[2])
	})
}

// What an API says of time and place, however long it is, does not push out what
// it asks for.
func TestNoisePushesNothingOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{latency: time.Second}
		entra.answer = func(n int, _ msalcae.TokenRequest) (*msalcae.Token, error) {
			if n == 2 {
				return nil, errors.New("no network")
			}
			return nil, nil
		}
		s := New(entra.acquire)
		revoked := token(t, s)
		policy := fmt.Sprintf(`"capolids":{"values":["%s"]}`, strings.Repeat("p", 5<<10))
		noise := fmt.Sprintf(`"xms_caeerror":{"value":"%s"}`, strings.Repeat("e", 7<<10))
		for _, asked := range []string{policy, noise} {
			go s.Token(t.Context(), msalcae.TokenRequest{Claims: `{"access_token":{` + asked + `}}`, Rejected: revoked})
			synctest.Wait()
		}
		time.Sleep(2 * time.Second)
		assert.Equal(t, "token-3", token(t, s))
		require.Len(t, entra.claims, 3)
		assert.Contains(t, entra.claims[2], policy)
		assert.Equal(t, "token-3", token(t, s))
	})
}

// A storm tells the store of one refused token.
func TestRefusalsAreToldOnce(t *testing.T) {
	s := process(newMemoryStore(), (&issuer{}).acquire)
	s.lock()
	defer s.unlock()
	for range 3 {
		s.refuse(issued{print: FingerprintOf("a"), asked: 2}, time.Time{})
		s.refuse(issued{print: FingerprintOf("b"), asked: 1}, time.Time{})
	}
	assert.Len(t, s.state.refusals, 2)
	assert.EqualValues(t, 2, s.state.refusedAsked)
	assert.True(t, s.state.untold)
}

// What a store was told stays as it was told, whatever is refused later.
func TestRefusalsThatWereToldStay(t *testing.T) {
	s := process(newMemoryStore(), (&issuer{}).acquire)
	s.lock()
	defer s.unlock()
	for n := range maxTold {
		s.refuse(issued{print: FingerprintOf(fmt.Sprint(n))}, time.Time{})
	}
	told := s.state.unshared(nil).Voided
	s.refuse(issued{print: FingerprintOf("one more")}, time.Time{})
	assert.Equal(t, FingerprintOf("0"), told[0].Print)
	assert.Equal(t, FingerprintOf("1"), s.state.refusals[0].Print)
}

// What nobody else can hear of is not kept for them.
func TestRefusalsAreKeptForOthersAlone(t *testing.T) {
	s := New((&issuer{}).acquire)
	_, err := s.Token(t.Context(), msalcae.TokenRequest{Claims: nbf(0), Rejected: token(t, s)})
	require.NoError(t, err)
	assert.Empty(t, s.state.refusals)
}

// What Entra asks for when it refuses joins what the API has asked for, in its
// newest form.
func TestEntrasClaimsJoinWhatIsPending(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{latency: time.Second}
		entra.answer = func(n int, _ msalcae.TokenRequest) (*msalcae.Token, error) {
			if n == 2 {
				refused := *interaction
				refused.Claims = `{"access_token":{"acrs":{"value":"c1"},"nbf":{"value":"9"}}}`
				return nil, &refused
			}
			return nil, nil
		}
		s := New(entra.acquire)
		revoked := token(t, s)
		for _, claims := range []string{capol("p"), nbf(0), nbf(1)} {
			go s.Token(t.Context(), msalcae.TokenRequest{Claims: claims, Rejected: revoked})
			synctest.Wait()
		}
		time.Sleep(time.Minute)
		assert.JSONEq(t, `{"access_token":{"acrs":{"value":"c1"},"nbf":{"value":"9"},"capolids":{"essential":true,"values":["p"]}}}`, s.PendingClaims())
	})
}

func TestMoreClaimsKeepTheNewestTimes(t *testing.T) {
	s := New((&issuer{}).acquire)
	s.lock()
	defer s.unlock()
	for _, claims := range []string{nbf(0), nbf(1), capol("p")} {
		d, err := ParseDemand(claims)
		require.NoError(t, err)
		s.state.demandMore(d)
	}
	assert.Contains(t, s.state.wanted().Claims(), "1700000001")
	assert.Contains(t, s.state.wanted().Claims(), `"p"`)
}
