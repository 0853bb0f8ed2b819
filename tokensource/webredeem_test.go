package tokensource_test

import (
	"testing"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"
	"github.com/msalcae/msalcae"
	"github.com/msalcae/msalcae/entratest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A code is good for one use (RFC 6749 section 4.1.2). An Entra that has no
// time has not used it, and is asked again; if it is not known whether it has,
// the person signs in again.
func TestCodeIsRedeemedOnce(t *testing.T) {
	for name, c := range map[string]struct {
		fault entratest.Fault
		sent  int
	}{
		"throttled":           {entratest.Fault{Status: 429, Header: map[string][]string{"Retry-After": {"1"}}}, 2},
		"overloaded":          {entratest.Fault{Status: 503, Header: map[string][]string{"Retry-After": {"1"}}}, 2},
		"throttled for long":  {entratest.Fault{Status: 429, Header: map[string][]string{"Retry-After": {"60"}}}, 1},
		"failed":              {entratest.Fault{Status: 500}, 1},
		"behind a dead proxy": {entratest.Fault{Status: 504}, 1},
		"never answered":      {entratest.Fault{Drop: true}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := newEntra(t)
			a := newWebApp(t, e)
			begun, err := a.SignIn(testContext(t), public.Account{})
			require.NoError(t, err)
			answer := a.visit(e.NewBrowser(e.Username()), begun)
			e.FailToken(1, c.fault)
			who, err := a.Redeem(testContext(t), begun, answer)
			assert.Len(t, e.Requests(entratest.TokenEndpoint), c.sent)
			if c.sent > 1 {
				require.NoError(t, err)
				assert.Equal(t, e.Username(), who.PreferredUsername)
				return
			}
			var answered *msalcae.Error
			require.ErrorAs(t, err, &answered)
			assert.Equal(t, c.fault.Status, answered.Status)
		})
	}
}
