package tokensource_test

import (
	"context"
	"testing"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"
	"github.com/msalcae/msalcae"
	"github.com/msalcae/msalcae/entratest"
	"github.com/msalcae/msalcae/tokensource"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

type traceKey struct{}

// traced returns a context for calls that take no TokenRequest, and what was
// reported of them.
func traced(t *testing.T) (ctx context.Context, prompted *[]msalcae.PromptedInfo, acquired *[]msalcae.AcquiredInfo) {
	prompted, acquired = new([]msalcae.PromptedInfo), new([]msalcae.AcquiredInfo)
	of := func(ctx context.Context) {
		assert.Equal(t, "caller", ctx.Value(traceKey{}), "the caller's own context")
	}
	ctx = context.WithValue(testContext(t), traceKey{}, "caller")
	return msalcae.WithTrace(ctx, &msalcae.Trace{
		Prompted: func(ctx context.Context, i msalcae.PromptedInfo) { of(ctx); *prompted = append(*prompted, i) },
		Acquired: func(ctx context.Context, i msalcae.AcquiredInfo) { of(ctx); *acquired = append(*acquired, i) },
	}), prompted, acquired
}

func TestSignInIsTraced(t *testing.T) {
	e := newEntra(t)
	ctx, prompted, acquired := traced(t)
	p := e.public(e.browser())
	ada, err := p.SignIn(ctx, e.Scope())
	require.NoError(t, err)
	require.Len(t, *prompted, 1)
	require.Len(t, *acquired, 1)
	assert.NoError(t, (*prompted)[0].Err)
	assert.Positive(t, (*prompted)[0].Took)
	assert.NoError(t, (*acquired)[0].Err)
	assert.Empty(t, (*acquired)[0].Claims)
	assert.GreaterOrEqual(t, (*acquired)[0].Took, (*prompted)[0].Took)
	tok, err := p.Account(ada, e.Scope()).Token(ctx, msalcae.TokenRequest{})
	require.NoError(t, err)
	assert.WithinDuration(t, tok.ExpiresOn, (*acquired)[0].ExpiresOn, 0)

	silent := e.public(nil)
	_, err = silent.SignIn(ctx, e.Scope())
	require.ErrorIs(t, err, msalcae.ErrMisconfigured)
	require.Len(t, *prompted, 1, "nobody was asked")

	refusing := e.NewBrowser(e.Username())
	refusing.Decline = true
	p = e.public(&tokensource.Browser{Open: refusing.Open})
	_, err = p.SignIn(ctx, e.Scope())
	require.ErrorIs(t, err, tokensource.ErrDeclined)
	require.Len(t, *prompted, 2)
	require.Len(t, *acquired, 2)
	require.ErrorIs(t, (*prompted)[1].Err, tokensource.ErrDeclined)
	require.ErrorIs(t, (*acquired)[1].Err, tokensource.ErrDeclined)
	assert.Zero(t, (*acquired)[1].ExpiresOn)
}

// What an API asked for, and why, is told of the sign-in that carries it.
func TestSignInForAChallengeIsTraced(t *testing.T) {
	e := newEntra(t)
	ctx, prompted, acquired := traced(t)
	p := e.public(e.browser())
	_, err := p.SignIn(ctx, e.Scope())
	require.NoError(t, err)
	source := p.Account(public.Account{}, e.Scope())
	e.Revoke(e.Username())
	tok, err := source.Token(ctx, msalcae.TokenRequest{})
	require.NoError(t, err)
	_, err = source.Token(ctx, msalcae.TokenRequest{Rejected: tok.Value, NoPrompt: true, Claims: `{"access_token":{"nbf":{"essential":true,"value":"1"}}}`})
	require.ErrorIs(t, err, msalcae.ErrInteractionRequired)
	_, err = p.SignIn(ctx, e.Scope())
	require.NoError(t, err)
	require.Len(t, *prompted, 2)
	assert.NotEqual(t, (*prompted)[0].Reason, (*prompted)[1].Reason)
	assert.Contains(t, (*acquired)[1].Claims, `"nbf"`)
}

func TestRedeemIsTraced(t *testing.T) {
	e := newEntra(t)
	ctx, prompted, acquired := traced(t)
	a := newWebApp(t, e)
	begun, err := a.SignIn(ctx, public.Account{})
	require.NoError(t, err)
	answer := a.visit(e.NewBrowser(e.Username()), begun)
	_, err = a.Redeem(ctx, begun, answer)
	require.NoError(t, err)
	e.FailToken(1, entratest.Fault{AADSTS: 50076})
	_, err = a.Redeem(ctx, begun, answer)
	require.ErrorIs(t, err, msalcae.ErrInteractionRequired)
	require.Len(t, *acquired, 2)
	assert.False(t, (*acquired)[0].ExpiresOn.IsZero())
	require.ErrorIs(t, (*acquired)[1].Err, msalcae.ErrInteractionRequired)
	assert.Empty(t, *prompted, "the browser had the question")
}
