package entratest_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/msalcae/msalcae/entratest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A deviceApp is a program without a browser.
type deviceApp struct {
	t testing.TB
	s *entratest.Server
}

// begin asks for codes, with changes to the form as authorizeURL has them.
func (d deviceApp) begin(changes ...string) answer {
	d.t.Helper()
	form := url.Values{"client_id": {d.s.PublicClientID()}, "scope": {d.s.Scope() + " openid offline_access profile"}, "claims": {cp1}}
	with(form, changes...)
	req, err := http.NewRequest(http.MethodPost, d.s.Authority()+"/oauth2/v2.0/devicecode", strings.NewReader(form.Encode()))
	require.NoError(d.t, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return send(d.t, d.s.Client(), req)
}

func (d deviceApp) poll(codes answer, changes ...string) answer {
	d.t.Helper()
	form := url.Values{"grant_type": {"device_code"}, "device_code": {codes.text("device_code")},
		"client_id": {d.s.PublicClientID()}, "client_info": {"1"}, "claims": {cp1}}
	return post(d.t, d.s, with(form, changes...))
}

// refused asserts an error of the token endpoint.
func refused(t testing.TB, a answer, code string, aadsts int) {
	t.Helper()
	assert.Equal(t, http.StatusBadRequest, a.status)
	assert.Equal(t, code, a.text("error"))
	assert.Equal(t, aadsts, a.code())
}

func TestDeviceCode(t *testing.T) {
	s := newServer(t)
	device := deviceApp{t, s}
	codes := device.begin()
	require.Equal(t, 200, codes.status)
	assert.Equal(t, 900.0, codes.json["expires_in"])
	assert.Equal(t, 5.0, codes.json["interval"])
	assert.Equal(t, "To sign in, use a web browser to open the page "+codes.text("verification_uri")+
		" and enter the code "+codes.text("user_code")+" to authenticate.", codes.text("message"))
	assert.NotContains(t, codes.json, "verification_uri_complete")

	refused(t, device.poll(codes), "authorization_pending", 70016)
	b := s.NewBrowser(s.Username())
	spoken := strings.ToLower(codes.text("user_code")[:4] + "-" + codes.text("user_code")[4:])
	require.NoError(t, b.EnterCode(codes.text("verification_uri"), spoken))
	assert.Equal(t, []string{"device", "signin", "confirm"}, b.Steps())
	got := device.poll(codes)
	require.Equal(t, 200, got.status)
	assert.Equal(t, 200, call(t, s, got.token(), "GET", "/me", "").status)
	assert.Equal(t, s.Username(), payload(t, got.text("id_token"))["preferred_username"])
	assert.NotEmpty(t, got.text("refresh_token"))
	refused(t, device.poll(codes), "invalid_grant", 90120)

	second := device.begin()
	require.NoError(t, b.EnterCode(second.text("verification_uri"), second.text("user_code")), "in the browser's session")
	assert.Equal(t, []string{"account", "confirm"}, b.Steps()[4:])
	assert.Equal(t, 200, device.poll(second, "grant_type", "urn:ietf:params:oauth:grant-type:device_code").status)

	third := device.begin()
	require.NoError(t, s.EnterCode(third.text("verification_uri"), third.text("user_code")))
	assert.Equal(t, 200, device.poll(third, "device_code", "", "code", third.text("device_code")).status)
	st := s.Stats()
	assert.Equal(t, [4]int{5, 5, 3, 3}, [4]int{st.DevicePolls, st.TokenRequests, st.SignIns, st.Prompts})
}

// The claims that came for the codes make the person do more, and are granted.
func TestDeviceCodeClaims(t *testing.T) {
	s := newServer(t)
	s.RequireAuthContext("c1")
	device := deviceApp{t, s}
	const c1 = `{"access_token":{"acrs":{"essential":true,"value":"c1"},"xms_cc":{"values":["cp1"]}}}`
	codes := device.begin("claims", c1)
	b := s.NewBrowser(s.Username())
	require.NoError(t, b.EnterCode(codes.text("verification_uri"), codes.text("user_code")))
	assert.Equal(t, []string{"device", "signin", "approve", "confirm"}, b.Steps())
	got := device.poll(codes)
	require.Equal(t, 200, got.status)
	assert.Equal(t, []any{"c1"}, payload(t, got.token())["acrs"])
	assert.Equal(t, []any{"cp1"}, payload(t, got.token())["xms_cc"])

	weak := device.begin()
	require.NoError(t, s.EnterCode(weak.text("verification_uri"), weak.text("user_code")))
	refused(t, device.poll(weak, "claims", c1), "invalid_grant", 50076)
	assert.Equal(t, 200, device.poll(weak).status, "a refusal does not spend the code")
}

func TestDeviceCodeRefusals(t *testing.T) {
	s := newServer(t)
	device := deviceApp{t, s}
	codes := device.begin()
	b := s.NewBrowser(s.Username())
	b.Decline = true
	require.NoError(t, b.EnterCode(codes.text("verification_uri"), codes.text("user_code")))
	refused(t, device.poll(codes), "authorization_declined", 65004)
	page := codes.text("verification_uri")
	assert.ErrorContains(t, s.EnterCode(page, codes.text("user_code")), "AADSTS90120", "a declined code is used")
	assert.ErrorContains(t, s.EnterCode(page, "WRONG"), "AADSTS70018")
	assert.ErrorContains(t, s.EnterCode(page, "- -"), "AADSTS90119")
	assert.ErrorContains(t, s.SignIn(page), "nothing to sign in with")
	refused(t, device.poll(codes, "device_code", "unknown"), "bad_verification_code", 70018)
	refused(t, device.poll(device.begin(), "client_id", s.AddApp(entratest.App{Name: "other"}).ClientID), "bad_verification_code", 70018)
	refused(t, device.poll(codes, "device_code", ""), "invalid_request", 900144)

	revoked := device.begin()
	require.NoError(t, s.EnterCode(page, revoked.text("user_code")))
	s.Revoke(s.Username())
	refused(t, device.poll(revoked), "invalid_grant", 70008)
	disabled := device.begin()
	require.NoError(t, s.EnterCode(page, disabled.text("user_code")))
	s.Disable(s.Username())
	refused(t, device.poll(disabled), "invalid_grant", 50057)

	refused(t, device.begin("client_id", ""), "invalid_request", 900144)
	refused(t, device.begin("client_id", "nobody"), "unauthorized_client", 700016)
	refused(t, device.begin("scope", ""), "invalid_request", 900144)
	refused(t, device.begin("claims", "null"), "invalid_request", 90100)
	s.Disable(s.ClientID())
	refused(t, device.begin("client_id", s.ClientID()), "unauthorized_client", 7000112)
	s.Fail(entratest.DeviceEndpoint, 1, entratest.Fault{AADSTS: 90033})
	assert.Equal(t, 503, device.begin().status)
}

func TestDeviceCodeTimes(t *testing.T) {
	s := newServer(t)
	device := deviceApp{t, s}
	s.SetDeviceCodes(entratest.DeviceCodes{Lifetime: time.Hour, Interval: 30 * time.Minute, SlowDown: true})
	codes := device.begin()
	assert.Equal(t, 3600.0, codes.json["expires_in"])
	assert.Equal(t, 1800.0, codes.json["interval"])
	refused(t, device.poll(codes), "authorization_pending", 70016)
	refused(t, device.poll(codes), "slow_down", 70016)

	s.SetDeviceCodes(entratest.DeviceCodes{Lifetime: time.Nanosecond})
	late := device.begin()
	refused(t, device.poll(late), "expired_token", 70019)
	assert.ErrorContains(t, s.EnterCode(late.text("verification_uri"), late.text("user_code")), "AADSTS70019")
	assert.NoError(t, s.EnterCode(codes.text("verification_uri"), codes.text("user_code")), "codes that are out keep their lifetime")
}
