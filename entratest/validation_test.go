package entratest

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"testing"
	"time"

	"github.com/msalcae/msalcae/entratest/internal/jose"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Every part of a token is checked, and of a wrong one Graph says what is wrong
// in the body, and in the header where tokens come from and nothing else.
func TestTokensAreValidated(t *testing.T) {
	s := NewServer()
	defer s.Close()
	now := time.Now().Unix()
	stranger := jose.NewKey("a stranger", certsFrom, certsUntil)
	good := map[string]any{"aud": s.graph.Origin(), "iss": s.Authority() + "/v2.0", "nbf": now, "exp": now + 600,
		"idtyp": "app", "appid": clientID, "uti": tokenID(1)}
	with := func(name string, value any) map[string]any {
		claims := maps.Clone(good)
		claims[name] = value
		return claims
	}
	signed := func(claims map[string]any) string { return "Bearer " + sharedKey().Sign(claims) }
	const (
		signature = "Access token validation failure. Invalid signature."
		audience  = "Access token validation failure. Invalid audience."
		issuer    = "Access token validation failure. Invalid issuer."
		form      = "CompactToken parsing failed."
		empty     = "Access token is empty."
		unknown   = "The identity of the calling application or user could not be established."
	)
	for name, c := range map[string]struct{ authorization, message string }{
		"good":                            {signed(good), ""},
		"in lower case":                   {"bearer " + sharedKey().Sign(good), ""},
		"for Graph's id":                  {signed(with("aud", graphAppID)), ""},
		"for Graph's real name":           {signed(with("aud", "https://graph.microsoft.com")), ""},
		"by a real name of the authority": {signed(with("iss", "https://login.microsoftonline.com/"+tenantID+"/v2.0")), ""},
		"from a clock that is ahead":      {signed(with("nbf", now+200)), ""},

		"no header":              {"", empty},
		"no token":               {"Bearer ", empty},
		"another scheme":         {"Basic dXNlcjpwYXNz", empty},
		"opaque":                 {"Bearer opaque", form},
		"of a stranger":          {"Bearer " + stranger.Sign(good), signature},
		"of our key's name":      {signed(good)[:len(signed(good))-8] + "AAAAAAAA", signature},
		"for another API":        {signed(with("aud", "api://"+clientID)), audience},
		"for nobody":             {signed(with("aud", "")), audience},
		"of another tenant":      {signed(with("iss", s.web.Origin()+"/22222222-2222-3333-4444-555555555555/v2.0")), issuer},
		"by the tenant's domain": {signed(with("iss", s.web.Origin()+"/"+tenantDomain+"/v2.0")), issuer},
		"of version 1":           {signed(with("iss", s.Authority()+"/")), issuer},
		"of another authority":   {signed(with("iss", "https://evil.test/"+tenantID+"/v2.0")), issuer},
		"over plain http":        {signed(with("iss", "http://"+s.web.Addr+"/"+tenantID+"/v2.0")), issuer},
		"expired":                {signed(with("exp", now-1)), "Lifetime validation failed, the token is expired."},
		"expiring now":           {signed(with("exp", now)), "Lifetime validation failed, the token is expired."},
		"not valid yet":          {signed(with("nbf", now+400)), "Access token has expired or is not yet valid."},
		"of an unknown client":   {signed(with("appid", "unknown")), unknown},
		"of a person long gone":  {signed(with("idtyp", "user")), unknown},
		"with a number for exp":  {signed(with("exp", "soon")), form},
		"with a list for issuer": {signed(with("iss", []string{s.Authority() + "/v2.0"})), form},
	} {
		t.Run(name, func(t *testing.T) {
			req, err := http.NewRequest(http.MethodGet, s.API()+"/users", nil)
			require.NoError(t, err)
			if c.authorization != "" {
				req.Header.Set("Authorization", c.authorization)
			}
			resp, err := s.Client().Do(req)
			require.NoError(t, err)
			defer resp.Body.Close()
			body, err := io.ReadAll(resp.Body)
			require.NoError(t, err)
			if c.message == "" {
				assert.Equal(t, 200, resp.StatusCode, "%s", body)
				return
			}
			assert.Equal(t, 401, resp.StatusCode)
			assert.Equal(t, []string{`Bearer realm="", authorization_uri="` + s.web.Origin() + `/common/oauth2/authorize", client_id="` + graphAppID + `"`},
				resp.Header.Values("WWW-Authenticate"))
			var answer struct {
				Error struct {
					Code, Message string
					InnerError    map[string]string
				}
			}
			require.NoError(t, json.Unmarshal(body, &answer))
			assert.Equal(t, "InvalidAuthenticationToken", answer.Error.Code)
			assert.Equal(t, c.message, answer.Error.Message)
			assert.Equal(t, resp.Header.Get("request-id"), answer.Error.InnerError["request-id"])
			assert.Equal(t, resp.Header.Get("client-request-id"), answer.Error.InnerError["client-request-id"])
			assert.Regexp(t, `^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$`, answer.Error.InnerError["date"])
		})
	}
}
