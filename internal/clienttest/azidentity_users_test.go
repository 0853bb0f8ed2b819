package clienttest

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/msalcae/msalcae/entratest"
	"github.com/stretchr/testify/require"
)

func TestAzidentityInteractiveBrowser(t *testing.T) {
	s := entratest.NewServer()
	defer s.Close()
	opened := systemBrowser(t, s.SignIn)
	w := newWire(s)
	credential, err := azidentity.NewInteractiveBrowserCredential(&azidentity.InteractiveBrowserCredentialOptions{
		ClientOptions: optionsOver(s, w), DisableInstanceDiscovery: true,
		TenantID: s.Tenant(), ClientID: s.PublicClientID(), LoginHint: s.Username(),
	})
	require.NoError(t, err)
	a := newAPI(s, credential)

	t.Run("session revoked", func(t *testing.T) {
		during, log := a.heals(t, "/me", func() { s.Revoke(s.Username()) })
		require.Equal(t, 2, during.TokenRequests, "one refused refresh, one redemption")
		require.Equal(t, 50173, tokenRequests(log)[0].AADSTS)
		refresh := w.last(t, "refresh_token")
		refresh.requireMembers(t, "claims", "client_id", "client_info", "grant_type", "refresh_token", "scope")
		refresh.requireMSAL(t, s.PublicClientID(), s.Scope())
		require.JSONEq(t, answered(t, log), refresh.form.Get("claims"))

		require.Len(t, opened(), 2)
		authorize := sent{form: query(t, opened()[1])}
		authorize.requireMembers(t, "claims", "client_id", "code_challenge", "code_challenge_method", "login_hint",
			"prompt", "redirect_uri", "response_mode", "response_type", "scope", "state")
		require.Equal(t, refresh.form.Get("claims"), authorize.form.Get("claims"), "the browser must take the claims along")
		for name, want := range map[string]string{"response_type": "code", "response_mode": "form_post", "prompt": "select_account",
			"code_challenge_method": "S256", "login_hint": s.Username(), "client_id": s.PublicClientID()} {
			require.Equal(t, want, authorize.form.Get(name), name)
		}
		require.Regexp(t, `^http://localhost:\d+$`, authorize.form.Get("redirect_uri"), "without a path")

		code := w.last(t, "authorization_code")
		code.requireMembers(t, "claims", "client_id", "client_info", "code", "code_verifier", "grant_type", "redirect_uri", "scope")
		code.requireMSAL(t, s.PublicClientID(), s.Scope())
		require.Equal(t, refresh.form.Get("claims"), code.form.Get("claims"))
		require.Equal(t, authorize.form.Get("redirect_uri"), code.form.Get("redirect_uri"))
		hash := sha256.Sum256([]byte(code.form.Get("code_verifier")))
		require.Equal(t, base64.RawURLEncoding.EncodeToString(hash[:]), authorize.form.Get("code_challenge"))
	})
	t.Run("policy changed", func(t *testing.T) {
		during, _ := a.heals(t, "/me", func() { s.ChangePolicy(s.Username()) })
		require.Equal(t, 1, during.RefreshRequests)
		require.Equal(t, 0, during.Prompts)
	})
	t.Run("step-up", func(t *testing.T) {
		during, log := a.heals(t, "/me", func() { s.RequireAuthContext("c1") })
		require.Equal(t, 1, during.Prompts)
		require.Equal(t, 50076, tokenRequests(log)[0].AADSTS)
		require.JSONEq(t, `{"access_token":{"acrs":{"essential":true,"value":"c1"},"xms_cc":{"values":["CP1"]}}}`,
			query(t, opened()[len(opened())-1]).Get("claims"))
	})
}

func TestAzidentityDeviceCode(t *testing.T) {
	s := entratest.NewServer()
	defer s.Close()
	s.SetDeviceCodes(entratest.DeviceCodes{Interval: time.Second})
	var asked int
	w := newWire(s)
	credential, err := azidentity.NewDeviceCodeCredential(&azidentity.DeviceCodeCredentialOptions{
		ClientOptions: optionsOver(s, w), DisableInstanceDiscovery: true,
		TenantID: s.Tenant(), ClientID: s.PublicClientID(),
		UserPrompt: func(_ context.Context, m azidentity.DeviceCodeMessage) error {
			asked++
			return s.EnterCode(m.VerificationURL, m.UserCode)
		},
	})
	require.NoError(t, err)

	during, log := newAPI(s, credential).heals(t, "/me", func() { s.Revoke(s.Username()) })
	require.Equal(t, 2, asked)
	require.Equal(t, 1, during.RefreshRequests)
	require.Equal(t, 50173, tokenRequests(log)[0].AADSTS)
	device := w.last(t, "devicecode")
	device.requireMembers(t, "claims", "client_id", "scope")
	device.requireMSAL(t, s.PublicClientID(), s.Scope())
	require.JSONEq(t, answered(t, log), device.form.Get("claims"), "the device code must be asked for with the claims")
	poll := w.last(t, "device_code")
	poll.requireMembers(t, "claims", "client_id", "client_info", "device_code", "grant_type", "scope")
	poll.requireMSAL(t, s.PublicClientID(), s.Scope())
	require.JSONEq(t, answered(t, log), poll.form.Get("claims"), "and redeemed with them")
}

func TestAzidentityOnBehalfOf(t *testing.T) {
	s := entratest.NewServer()
	defer s.Close()
	// The user's own client obtains the assertion: a token for the middle tier.
	systemBrowser(t, s.SignIn)
	user, err := azidentity.NewInteractiveBrowserCredential(&azidentity.InteractiveBrowserCredentialOptions{
		ClientOptions: options(s), DisableInstanceDiscovery: true,
		TenantID: s.Tenant(), ClientID: s.PublicClientID(), LoginHint: s.Username(),
	})
	require.NoError(t, err)
	assertion, err := user.GetToken(t.Context(), policy.TokenRequestOptions{
		Scopes: []string{"api://" + s.ClientID() + "/.default"}, EnableCAE: true})
	require.NoError(t, err)

	w := newWire(s)
	credential, err := azidentity.NewOnBehalfOfCredentialWithSecret(s.Tenant(), s.ClientID(), assertion.Token, s.ClientSecret(),
		&azidentity.OnBehalfOfCredentialOptions{ClientOptions: optionsOver(s, w), DisableInstanceDiscovery: true})
	require.NoError(t, err)
	during, log := newAPI(s, credential).heals(t, "/me", func() { s.ChangePolicy(s.Username()) })
	require.Equal(t, 1, during.TokenRequests)
	require.Equal(t, 0, tokenRequests(log)[0].AADSTS)

	exchange := w.last(t, "urn:ietf:params:oauth:grant-type:jwt-bearer")
	exchange.requireMembers(t, "assertion", "claims", "client_id", "client_info", "client_secret", "grant_type", "requested_token_use", "scope")
	exchange.requireMSAL(t, s.ClientID(), s.Scope())
	require.Equal(t, assertion.Token, exchange.form.Get("assertion"))
	require.Equal(t, "on_behalf_of", exchange.form.Get("requested_token_use"))
	require.JSONEq(t, `{"access_token":{"xms_cc":{"values":["CP1"]}}}`, exchange.form.Get("claims"))
	refresh := w.last(t, "refresh_token") // that of the first exchange, before the assertion
	refresh.requireMembers(t, "claims", "client_id", "client_info", "client_secret", "grant_type", "refresh_token", "scope")
	refresh.requireMSAL(t, s.ClientID(), s.Scope())
	require.JSONEq(t, answered(t, log), refresh.form.Get("claims"))
}
