package entratest_test

import (
	"context"
	"errors"
	"net/http"
	"reflect"
	"testing"

	"github.com/msalcae/msalcae/entratest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestLog(t *testing.T) {
	s := newServer(t)
	app := newNativeApp(t, s)
	before := s.Stats()
	first := app.signIn(cp1)
	call(t, s, first.token(), "GET", "/me", "")
	s.Revoke(s.Username())
	challenge := challengeOf(t, call(t, s, first.token(), "GET", "/me", ""))
	claims := merge(t, challenge)
	app.refresh(first.text("refresh_token"), claims)

	log := s.Log()
	var steps []string
	for _, r := range log {
		steps = append(steps, string(r.Endpoint))
		assert.NotZero(t, r.Time)
		assert.NotEmpty(t, r.CorrelationID)
	}
	assert.Equal(t, []string{"authorize", "signin", "token", "api", "api", "token"}, steps)
	assert.Equal(t, "select_account", log[0].Prompt)
	assert.Equal(t, cp1, log[0].Claims)
	assert.Equal(t, s.PublicClientID(), log[0].Client)
	assert.Equal(t, s.Username(), log[1].Account)
	assert.Equal(t, "authorization_code", log[2].Grant)
	assert.Equal(t, []string{s.Scope(), "openid", "offline_access", "profile"}, log[2].Scopes)
	assert.Equal(t, s.Username(), log[2].Account)
	assert.Equal(t, 200, log[3].Status)
	assert.Equal(t, "/v1.0/me", log[3].Path)
	assert.Equal(t, s.Username(), log[3].Account)
	assert.Equal(t, s.PublicClientID(), log[3].Client)
	assert.Equal(t, 401, log[4].Status)
	assert.Contains(t, log[4].Challenge, "insufficient_claims")
	assert.Equal(t, "refresh_token", log[5].Grant)
	assert.Equal(t, claims, log[5].Claims, "as received")
	assert.Equal(t, 400, log[5].Status)
	assert.Equal(t, 50173, log[5].AADSTS)
	assert.Equal(t, "invalid_grant", log[5].Error)
	assert.Equal(t, "bad_token", log[5].Suberror)

	assert.Equal(t, entratest.Stats{TokenRequests: 2, TokenErrors: 1, CodeRequests: 1, RefreshRequests: 1,
		AuthorizeRequests: 1, Prompts: 1, SignIns: 1, APICalls: 2, Challenges: 1}, s.Stats().Sub(before))
}

func TestWait(t *testing.T) {
	s := newServer(t)
	done := make(chan error)
	go func() { done <- s.WaitTokenRequests(t.Context(), 3) }()
	for range 3 {
		post(t, s, daemon(s, ""))
	}
	require.NoError(t, <-done)
	require.NoError(t, s.WaitTokenRequests(t.Context(), 2), "they have come already")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("enough"))
	assert.ErrorIs(t, s.WaitTokenRequests(ctx, 4), context.Canceled)
}

// Nobody waits for a server that has ended, but what it has seen has come.
func TestWaitEndsWithTheServer(t *testing.T) {
	s := newServer(t)
	post(t, s, daemon(s, ""))
	done := make(chan error)
	go func() { done <- s.WaitTokenRequests(context.Background(), 2) }()
	s.Close()
	assert.ErrorIs(t, <-done, http.ErrServerClosed)
	assert.NoError(t, s.WaitTokenRequests(t.Context(), 1))
}

// Sub knows every counter.
func TestStatsSub(t *testing.T) {
	filled := func(n int64) (st entratest.Stats) {
		v := reflect.ValueOf(&st).Elem()
		for i := range v.NumField() {
			v.Field(i).SetInt(n * int64(i+1))
		}
		return st
	}
	assert.Equal(t, filled(2), filled(5).Sub(filled(3)))
}
