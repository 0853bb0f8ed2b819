package entratest

import (
	"net/http"
	"net/url"

	"github.com/msalcae/msalcae/entratest/internal/jose"
	"github.com/msalcae/msalcae/entratest/internal/pages"
)

// logout ends the browser's sessions (OpenID Connect RP-Initiated Logout
// section 2), tells the applications that had codes of them (Front-Channel
// Logout section 2), and leads back to where the application wants. Refresh
// tokens stay good, as Entra's do.
func logout(x *exchange) {
	x.r.Body = http.MaxBytesReader(x.ResponseWriter, x.r.Body, maxFormBytes)
	formErr := x.r.ParseForm()
	x.recordForm(x.r.Form)
	if x.faulty() {
		return
	}
	name := x.r.PathValue("tenant")
	switch _, ok := x.s.tenant(name); {
	case formErr != nil || oversized(x.r.Form) != "":
		x.errorPage(aad(90023, "the parameters cannot be read"))
		return
	case !ok:
		x.errorPage(aad(90002, name))
		return
	}
	x.s.mu.Lock()
	frames, back, kept := x.s.signOut(x)
	x.s.mu.Unlock()
	http.SetCookie(x, sessionCookieOf(kept))
	if len(frames) == 0 && back != "" {
		x.redirect(back)
		return
	}
	pages.Write(x, x.r, http.StatusOK, pages.SignedOut, map[string]any{"Frames": frames, "Back": back})
}

// signOut ends the sessions that the request means: the hinted one, or all of
// the browser. It returns whom to tell, where to go back to, "" being nowhere,
// and the handles of the sessions that stay. s.mu is held.
func (s *Server) signOut(x *exchange) (frames []string, back string, kept []string) {
	form := x.r.Form
	client, sid := form.Get("client_id"), form.Get("logout_hint")
	if t, err := s.ownIDToken(form.Get("id_token_hint")); err == nil {
		client, sid = t.Audience, t.Session
	}
	for _, session := range s.browserSessions(cookies(x.r)) {
		if sid != "" && session.id != sid {
			kept = append(kept, session.cookie)
			continue
		}
		session.ended = true
		x.rec.Account = session.user.label
		for _, a := range session.apps {
			if a.LogoutURL != "" {
				frames = append(frames, withQuery(a.LogoutURL, url.Values{"iss": {s.loginOrigin(x.r) + "/" + session.user.Tenant + "/v2.0"}, "sid": {session.id}}))
			}
		}
	}
	x.rec.Client = bounded(client)
	to := form.Get("post_logout_redirect_uri")
	if a := s.app(client); to != "" && a != nil && a.redirectAllowed(to) {
		back = to
		if state := form.Get("state"); state != "" {
			back = withQuery(to, url.Values{"state": {state}})
		}
	}
	return frames, back, kept
}

// An idToken is what is looked at in an ID token that comes back.
type idToken struct {
	Audience string `json:"aud"`
	Session  string `json:"sid"`
}

// ownIDToken reads an ID token of the server, expired or not.
func (s *Server) ownIDToken(text string) (*idToken, error) {
	token, err := jose.Parse(text)
	if err != nil {
		return nil, err
	}
	key := s.key(token.Header.KeyID)
	if key == nil {
		return nil, jose.ErrSignature
	}
	if err := token.Verify(key.Public()); err != nil {
		return nil, err
	}
	t := new(idToken)
	return t, token.Claims(t)
}
