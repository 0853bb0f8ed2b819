//go:build unix

package entratest

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/msalcae/msalcae/entratest/internal/ids"
)

// cpuTime is what the process has used so far, in user and system mode.
func cpuTime(b *testing.B) time.Duration {
	var use syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &use); err != nil {
		b.Fatal(err)
	}
	return time.Duration(use.Utime.Nano() + use.Stime.Nano())
}

// BenchmarkToken is what a token request costs the server itself, without TLS
// and connections. cpu-ns/op is the processor time of all threads, which other
// processes do not disturb as they do ns/op.
func BenchmarkToken(b *testing.B) {
	s := NewServer()
	defer s.Close()
	h := s.authority()
	post := func(b *testing.B, form url.Values) map[string]any {
		r := httptest.NewRequest(http.MethodPost, "/"+tenantID+"/oauth2/v2.0/token", strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		var answer map[string]any
		if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || w.Code != http.StatusOK {
			b.Fatal(w.Code, w.Body)
		}
		return answer
	}
	person := func() url.Values {
		return url.Values{"grant_type": {"password"}, "client_id": {publicClientID}, "username": {username}, "password": {password},
			"scope": {s.Scope() + " openid offline_access profile"}, "client_info": {"1"}}
	}
	refresh := person()
	refresh.Set("grant_type", "refresh_token")
	refresh.Set("refresh_token", post(b, person())["refresh_token"].(string))
	app, user := s.app(publicClientID), s.user(username)
	scope, _ := s.parseScope(s.Scope()+" openid offline_access profile", s.graph.Origin())
	code := func() url.Values { // as the sign-in pages leave it
		s.mu.Lock()
		defer s.mu.Unlock()
		code := ids.Secret()
		tx := &transaction{tenant: tenantID, app: app, redirectURI: "http://localhost", scope: scope}
		s.codes.Put(code, &authCode{tx: tx, seq: s.next(), signin: s.newSession(user).signin(), issued: time.Now()})
		return url.Values{"grant_type": {"authorization_code"}, "client_id": {publicClientID}, "code": {code},
			"redirect_uri": {tx.redirectURI}, "client_info": {"1"}}
	}
	always := func(form url.Values) func() url.Values { return func() url.Values { return form } }
	for _, grant := range []struct {
		name string
		form func() url.Values
	}{
		{"client_credentials", always(url.Values{"grant_type": {"client_credentials"}, "client_id": {clientID},
			"client_secret": {clientSecret}, "scope": {s.Scope()}})},
		{"refresh_token", always(refresh)},
		{"authorization_code", code},
	} {
		b.Run(grant.name, func(b *testing.B) {
			b.ReportAllocs()
			before := cpuTime(b)
			for b.Loop() {
				post(b, grant.form())
			}
			b.ReportMetric(float64(cpuTime(b)-before)/float64(b.N), "cpu-ns/op")
		})
	}
}
