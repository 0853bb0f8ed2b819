package engine

import (
	"context"
	"reflect"
	"testing"
	"testing/synctest"
	"time"
	"unsafe"

	"github.com/msalcae/msalcae"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A service has a source for each of very many people, most of which are at
// rest most of the time.
func TestSourceAtRestIsSmall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{life: time.Hour}
		s := New(entra.acquire)
		first := token(t, s)
		assert.Nil(t, s.state.events, "nothing has happened yet")
		time.Sleep(56 * time.Minute)
		token(t, s)
		synctest.Wait()
		require.NotEqual(t, first, token(t, s))
		assert.Nil(t, s.state.events, "a refresh is no event")
		challenge(t, s, nbf(0), token(t, s))
		assert.NotNil(t, s.state.events)
		assert.LessOrEqual(t, unsafe.Sizeof(Source{}), uintptr(120))
		assert.LessOrEqual(t, unsafe.Sizeof(entry{}), uintptr(128))
	})
}

// Whatever is noted of an event outlives the lock under which it was noted.
func TestEventsAreKept(t *testing.T) {
	for i := range reflect.TypeFor[events]().NumField() {
		s := New((&issuer{}).acquire)
		s.lock()
		field := reflect.ValueOf(s.state.events).Elem().Field(i)
		settable := reflect.NewAt(field.Type(), unsafe.Pointer(field.UnsafeAddr())).Elem()
		switch field.Kind() {
		case reflect.Map:
			settable.Set(reflect.MakeMap(field.Type()))
		case reflect.Slice:
			settable.Set(reflect.MakeSlice(field.Type(), 1, 1))
		case reflect.Chan:
			settable.Set(reflect.MakeChan(field.Type(), 0))
		case reflect.Pointer:
			settable.Set(reflect.New(field.Type().Elem()))
		case reflect.Bool:
			settable.SetBool(true)
		case reflect.Uint64:
			settable.SetUint(1)
		case reflect.String:
			settable.SetString("x")
		default:
			settable.Set(reflect.ValueOf(map[reflect.Type]any{
				reflect.TypeFor[rejectedToken](): rejectedToken{value: "x"},
				reflect.TypeFor[former]():        former{silent: true},
			}[field.Type()]))
		}
		s.unlock()
		assert.NotNil(t, s.state.events, reflect.TypeFor[events]().Field(i).Name)
	}
}

// A late refusal of a token that was in use before is told from one of a token
// that nobody knows, once there has been a challenge.
func TestLateRefusalOfARenewalAsksAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{life: time.Hour}
		s := New(entra.acquire)
		renewed := challenge(t, s, nbf(0), token(t, s))
		time.Sleep(56 * time.Minute)
		token(t, s)
		synctest.Wait()
		refreshed := token(t, s)
		require.NotEqual(t, renewed, refreshed)
		again := challenge(t, s, nbf(1), renewed)
		assert.NotContains(t, []string{renewed, refreshed}, again, "obtained before the second challenge, without its claims")
		tok, err := s.Token(t.Context(), msalcae.TokenRequest{Claims: nbf(2), Rejected: "unknown"})
		require.NoError(t, err)
		assert.Equal(t, again, tok.Value, "older than all that are known")
	})
}

// A token that does not say when it ends does not, as in x/oauth2.
func TestTokenWithoutAnEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		s := New(func(context.Context, msalcae.TokenRequest) (*msalcae.Token, error) {
			asked++
			return &msalcae.Token{Value: "lasting"}, nil
		})
		for range 3 {
			assert.Equal(t, "lasting", token(t, s))
			synctest.Wait()
			time.Sleep(1000 * time.Hour)
		}
		assert.Equal(t, 1, asked)
	})
}
