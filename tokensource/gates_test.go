package tokensource_test

import (
	"context"
	"runtime"
	"testing"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"
	"github.com/msalcae/msalcae/tokensource"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A window is a Prompt of a program's own that leads to what it signs in to.
type window struct{ people *tokensource.Public }

func (w *window) SignIn(context.Context, tokensource.PromptRequest) (r public.AuthResult, err error) {
	return r, tokensource.ErrDeclined
}

// everyone is a Prompt that no heap has.
var everyone window

// nobody is one that can be compared, and is no pointer.
type nobody struct{ name string }

func (nobody) SignIn(context.Context, tokensource.PromptRequest) (r public.AuthResult, err error) {
	return r, tokensource.ErrDeclined
}

// A Prompt has one gate however many clients use it, and keeps neither itself
// nor them in memory, not even one that leads back to its client.
func TestGateLeavesWithItsLastPublic(t *testing.T) {
	e := newEntra(t)
	for name, prompt := range map[string]func() tokensource.Prompt{
		"pointer":    func() tokensource.Prompt { return newSeat(e, grace) },
		"leads back": func() tokensource.Prompt { return &window{} },
		"variable":   func() tokensource.Prompt { return &everyone },
		"value":      func() tokensource.Prompt { return nobody{"x"} },
		"nil":        func() tokensource.Prompt { return (*tokensource.Browser)(nil) },
	} {
		users := func() func() int {
			at := prompt()
			p := e.public(at)
			q := e.public(at)
			if w, ok := at.(*window); ok && w != &everyone {
				w.people = p
			}
			users := tokensource.GateUsers(at)
			assert.Equal(t, 2, users(), name)
			runtime.KeepAlive([]any{p, q})
			return users
		}()
		require.Eventually(t, func() bool { runtime.GC(); return users() == 0 }, 10*time.Second, 10*time.Millisecond, name)
	}

	type odd struct{ ownPrompt } // cannot be compared
	p := e.public(odd{func(ctx context.Context, req tokensource.PromptRequest) (public.AuthResult, error) {
		return e.browser().SignIn(ctx, req)
	}})
	_, err := p.SignIn(testContext(t), e.Scope())
	require.NoError(t, err)
}
