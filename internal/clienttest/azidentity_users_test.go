package clienttest

import (
	"context"
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
	credential, err := azidentity.NewInteractiveBrowserCredential(&azidentity.InteractiveBrowserCredentialOptions{
		ClientOptions: options(s), DisableInstanceDiscovery: true,
		TenantID: s.Tenant(), ClientID: s.PublicClientID(), LoginHint: s.Username(),
	})
	require.NoError(t, err)
	a := newAPI(s, credential)

	t.Run("session revoked", func(t *testing.T) {
		during, log := a.heals(t, "/me", func() { s.Revoke(s.Username()) })
		require.Equal(t, 2, during.TokenRequests, "one refused refresh, one redemption")
		refresh := tokenRequests(log)[0]
		require.Equal(t, "refresh_token", refresh.Grant)
		require.Equal(t, 50173, refresh.AADSTS)
		require.JSONEq(t, `{"access_token":{"nbf":`+nbf(t, log)+`,"xms_cc":{"values":["CP1"]}}}`, refresh.Claims)
		require.Len(t, opened(), 2)
		require.Equal(t, refresh.Claims, query(t, opened()[1]).Get("claims"), "the browser must take the claims along")
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
	})
}

func TestAzidentityDeviceCode(t *testing.T) {
	s := entratest.NewServer()
	defer s.Close()
	s.SetDeviceCodes(entratest.DeviceCodes{Interval: time.Second})
	var asked int
	credential, err := azidentity.NewDeviceCodeCredential(&azidentity.DeviceCodeCredentialOptions{
		ClientOptions: options(s), DisableInstanceDiscovery: true,
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
	for _, r := range log {
		if r.Endpoint == entratest.DeviceEndpoint {
			require.Contains(t, r.Claims, `"nbf"`, "the device code must be asked for with the claims")
		}
	}
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

	credential, err := azidentity.NewOnBehalfOfCredentialWithSecret(s.Tenant(), s.ClientID(), assertion.Token, s.ClientSecret(),
		&azidentity.OnBehalfOfCredentialOptions{ClientOptions: options(s), DisableInstanceDiscovery: true})
	require.NoError(t, err)
	during, log := newAPI(s, credential).heals(t, "/me", func() { s.ChangePolicy(s.Username()) })
	require.Equal(t, 1, during.TokenRequests)
	last := tokenRequests(log)[0]
	require.Equal(t, "refresh_token", last.Grant, "that of the first exchange, before the assertion")
	require.JSONEq(t, `{"access_token":{"nbf":`+nbf(t, log)+`,"xms_cc":{"values":["CP1"]}}}`, last.Claims)
	require.Equal(t, 0, last.AADSTS)
}
