package entratest

import (
	"fmt"
	"net/http"
	"time"

	"github.com/msalcae/msalcae/entratest/internal/ids"
	"github.com/msalcae/msalcae/entratest/internal/pages"
)

// devicePage is where people enter user codes. Entra's has the same path;
// microsoft.com/devicelogin leads there.
const devicePage = "/common/oauth2/deviceauth"

// enterDevicePage asks for a user code.
func enterDevicePage(x *exchange) {
	if x.faulty() {
		return
	}
	x.deviceForm(http.StatusOK, "")
}

func (x *exchange) deviceForm(status int, problem string) {
	pages.Write(x, x.r, status, pages.Device, map[string]any{"Post": x.s.loginOrigin(x.r) + devicePage, "Error": problem})
}

// enterUserCode takes the code, and begins the sign-in that it stands for.
func enterUserCode(x *exchange) {
	x.r.Body = http.MaxBytesReader(x.ResponseWriter, x.r.Body, maxFormBytes)
	formErr := x.r.ParseForm()
	if x.faulty() {
		return
	}
	if formErr != nil {
		x.errorPage(aad(90023, "the form cannot be read"))
		return
	}
	x.s.mu.Lock()
	next := x.s.beginDevice(x, spokenCode(x.r.PostForm.Get("otc")))
	x.s.mu.Unlock()
	next(x)
}

// beginDevice starts a transaction for a user code. s.mu is held.
func (s *Server) beginDevice(x *exchange, code string) handler {
	g, ok := s.userCodes.Get(code)
	var e *aadError
	switch {
	case code == "":
		e = aad(90119)
	case !ok:
		e = aad(70018)
	case g.signin != nil || g.declined:
		e = aad(90120)
	case !time.Now().Before(g.ends):
		e = aad(70019)
	}
	if e != nil {
		return func(x *exchange) {
			x.note(e)
			x.deviceForm(http.StatusBadRequest, fmt.Sprintf("That code didn't work. Check the code and try again. (AADSTS%d: %s)", e.aadsts, e.text))
		}
	}
	x.rec.Client = g.app.ClientID
	tx := &transaction{id: ids.Secret(), origin: s.loginOrigin(x.r), tenant: g.tenant, app: g.app,
		scope: g.scope, claims: g.claims, claimsText: g.claimsText, device: g, confirm: true, maxAge: -1, cookies: cookies(x.r)}
	s.resume(tx)
	tx.pick = tx.pick || tx.session != nil
	s.pending.Put(tx.id, tx)
	return s.step(tx)
}

// finishDevice lets the device have its tokens. s.mu is held.
func (s *Server) finishDevice(tx *transaction) handler {
	in := tx.session.signin()
	if g := tx.device; g.signin == nil && !g.declined {
		g.signin, g.seq = &in, s.next()
	}
	cookie, label := s.remember(tx), in.user.label
	return func(x *exchange) {
		x.rec.Account = label
		http.SetCookie(x, cookie)
		x.s.recorder.count(func(st *Stats) { st.SignIns++ })
		pages.Write(x, x.r, http.StatusOK, pages.Done, map[string]any{"App": tx.app.Name})
	}
}

// refuseDevice tells the person; the device learns of a refusal only if it was
// the person's own. s.mu is held.
func (s *Server) refuseDevice(tx *transaction, e *aadError) handler {
	if e.code == "access_denied" && tx.device.signin == nil {
		tx.device.declined = true
	}
	return func(x *exchange) { x.errorPage(e) }
}
