package admin_test

import (
	"crypto/tls"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/msalcae/msalcae/entratest/admin"
)

// token asks for an application's own token with the proof given.
func (d desk) token(proof url.Values) int {
	d.t.Helper()
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {d.s.ClientID()}, "scope": {d.s.Scope()}}
	for name, values := range proof {
		form[name] = values
	}
	resp, err := d.s.Client().PostForm(d.s.Authority()+"/oauth2/v2.0/token", form)
	require.NoError(d.t, err)
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	require.NoError(d.t, err)
	return resp.StatusCode
}

func TestProofsOfApplications(t *testing.T) {
	d := newDesk(t, admin.Config{})
	status, assertion := d.do("POST", "/issue-assertion", `{"issuer":"cluster","subject":"system:serviceaccount:a:b"}`)
	require.Equal(t, 200, status, "%v", assertion)
	proof := url.Values{"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
		"client_assertion": {assertion["token"].(string)}}
	assert.NotEqual(t, 200, d.token(proof))
	body, err := json.Marshal(map[string]any{"client": d.s.ClientID(), "issuer": assertion["issuer"], "subject": "system:serviceaccount:a:b"})
	require.NoError(t, err)
	d.throw("add-federated-credential", "%s", body)
	assert.Equal(t, 200, d.token(proof))
	status, _ = d.do("POST", "/issue-assertion", `{"issuer":"cluster"}`)
	assert.Equal(t, 400, status)

	status, pair := d.do("POST", "/client-certificate", "")
	require.Equal(t, 200, status)
	_, err = tls.X509KeyPair([]byte(pair["certificate"].(string)), []byte(pair["private_key"].(string)))
	require.NoError(t, err)
	body, err = json.Marshal(map[string]any{"client": d.s.ClientID(), "pem": pair["certificate"]})
	require.NoError(t, err)
	d.throw("add-certificate", "%s", body)
	status, _ = d.do("POST", "/add-certificate", `{"client":"x","pem":"nothing"}`)
	assert.Equal(t, 400, status)
	d.throw("strict-assertions", `{"on":true}`)
}

func TestManagedIdentities(t *testing.T) {
	d := newDesk(t, admin.Config{})
	status, identity := d.do("POST", "/add-managed-identity", `{"resource_id":"/subscriptions/1"}`)
	require.Equal(t, 200, status)
	assert.NotEmpty(t, identity["client_id"])
	d.throw("managed-identities", `{"no_cache":true,"cae":true}`)
	req, err := http.NewRequest("GET", d.s.IMDS()+"/metadata/identity/oauth2/token?"+url.Values{"api-version": {"2018-02-01"},
		"resource": {"https://graph.microsoft.com"}, "client_id": {identity["client_id"].(string)}}.Encode(), nil)
	require.NoError(t, err)
	req.Header.Set("Metadata", "true")
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	assert.Equal(t, 200, resp.StatusCode)
}

func TestRotateKeys(t *testing.T) {
	d := newDesk(t, admin.Config{})
	keys := func() int {
		resp, err := d.s.Client().Get(d.s.Authority() + "/discovery/v2.0/keys")
		require.NoError(t, err)
		defer resp.Body.Close()
		var set struct{ Keys []any }
		require.NoError(t, json.NewDecoder(resp.Body).Decode(&set))
		return len(set.Keys)
	}
	before := keys()
	d.throw("rotate-keys", "")
	assert.Equal(t, before+1, keys())
}
