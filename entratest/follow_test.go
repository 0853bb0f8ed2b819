package entratest_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestFollow(t *testing.T) {
	s := newServer(t)
	post(t, s, daemon(s, cp1))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	following := s.Follow(ctx)
	post(t, s, daemon(s, cp1))
	call(t, s, "x", "GET", "/me", "")
	var paths []string
	called := make(chan answer, 1)
	for r := range following {
		paths = append(paths, r.Path)
		switch len(paths) {
		case 2:
			s.Reset()
			go func() { called <- call(t, s, "x", "GET", "/users", "") }()
		case 3:
			cancel()
		}
	}
	require.Equal(t, []string{"/" + s.Tenant() + "/oauth2/v2.0/token", "/v1.0/me", "/v1.0/users"}, paths)
	assert.Equal(t, 401, (<-called).status)
	s.Close()
	for range s.Follow(t.Context()) {
		assert.Fail(t, "nothing follows the end")
	}
}
