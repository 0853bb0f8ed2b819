package entratest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/msalcae/msalcae/entratest/internal/pages"
	"github.com/msalcae/msalcae/wwwauth"
)

// signIn takes what a person does on a sign-in page.
func signIn(x *exchange) {
	x.r.Body = http.MaxBytesReader(x.ResponseWriter, x.r.Body, maxFormBytes)
	formErr := x.r.ParseForm()
	x.rec.Account = bounded(x.r.PostForm.Get("login"))
	if x.faulty() {
		return
	}
	if formErr != nil {
		x.errorPage(aad(90023, "the form cannot be read"))
		return
	}
	x.s.mu.Lock()
	tx, ok := x.s.pending.Get(x.r.PostForm.Get("ctx"))
	if !ok {
		x.s.mu.Unlock()
		x.errorPage(aad(90023, "this sign-in has ended or never began"))
		return
	}
	tx.cookies = cookies(x.r)
	x.rec.Client = tx.app.ClientID
	next := x.s.act(x, tx)
	x.s.mu.Unlock()
	next(x)
}

// act does what the person wants and returns what comes next. What the page
// that the person sees does not offer is ignored. s.mu is held.
func (s *Server) act(x *exchange, tx *transaction) handler {
	form := x.r.PostForm
	switch action := form.Get("action"); {
	case action == "cancel":
		e := aad(65004)
		e.subcode = "cancel"
		return s.refuse(tx, e)
	case tx.page == pages.Approve && action == "approve":
		s.approve(tx)
	case tx.page == pages.Confirm && action == "confirm":
		tx.confirm = false
	case tx.page == pages.Consent && action == "accept":
		tx.giveConsent()
	case tx.page != pages.SignIn:
	case action == "continue": // as the account that the browser is signed in to
		session := tx.known(s, form.Get("login"))
		if session == nil || tx.login {
			return s.show(tx, pages.SignIn, "")
		}
		tx.session, tx.pick = session, false
	default:
		user := s.user(form.Get("login"))
		if s.wasDeleted(form.Get("login")) {
			return s.turnAway(x, tx, aad(50034))
		}
		e := aad(50126)
		if user != nil {
			e = user.passwordError(form.Get("passwd"))
		}
		if e != nil {
			return s.turnAway(x, tx, e)
		}
		if _, ok := s.tenantOf(user, tx.tenant); !ok {
			return s.turnAway(x, tx, aad(50020, user.Username, tx.tenant))
		}
		tx.session = s.newSession(user)
		tx.login, tx.pick = false, false
	}
	return s.step(tx)
}

// turnAway tells a person who may not sign in, or not like that. s.mu is held.
func (s *Server) turnAway(x *exchange, tx *transaction, e *aadError) handler {
	x.note(e)
	problem := fmt.Sprintf("AADSTS%d: %s", e.aadsts, e.said(s))
	if e.aadsts == 50126 {
		problem = "Your account or password is incorrect. If you don't remember your password, reset it now."
	}
	return s.show(tx, pages.SignIn, problem)
}

// approve notes that the person has given a second factor for what the claims
// ask for. s.mu is held.
func (s *Server) approve(tx *transaction) {
	tx.session.factor = s.next()
	tx.session.user.unregistered = false
	ids := tx.claims["acrs"].texts()
	if slices.Contains(tx.claims["capolids"].texts(), policyID) {
		ids = append(ids, s.policy.boundContexts()...)
	}
	tx.session.general = tx.session.general || len(ids) == 0
	for _, id := range ids {
		tx.session.contexts[id] = true
	}
}

// show returns a page of the transaction. s.mu is held.
func (s *Server) show(tx *transaction, p pages.Page, problem string) handler {
	first := tx.page == ""
	tx.page = p
	data := map[string]any{
		"Post":  tx.origin + "/" + tx.tenant + "/login",
		"Ctx":   tx.id,
		"App":   tx.app.Name,
		"Hint":  tx.hint,
		"Error": problem,
		"Why":   why(tx),
		"Scope": tx.scope.echo(EchoAsked),
	}
	if tx.session != nil {
		data["Account"] = tx.session.user.Username
	}
	if !tx.login {
		var accounts []string
		for _, known := range s.candidates(tx) {
			accounts = append(accounts, known.user.Username)
		}
		data["Accounts"] = accounts
	}
	return func(x *exchange) {
		if first {
			x.s.recorder.count(func(st *Stats) { st.Prompts++ })
		}
		pages.Write(x, x.r, http.StatusOK, p, data)
	}
}

// known returns the browser's session of an account that the person may pick.
// s.mu is held.
func (tx *transaction) known(s *Server, login string) *session {
	for _, session := range s.candidates(tx) {
		if strings.EqualFold(session.user.Username, login) {
			return session
		}
	}
	return nil
}

// A demand is what the pages tell of claims that were asked for: why, as far as
// is known, and the claims as they came.
type demand struct{ Reasons, Claims string }

// why tells of the claims beyond the client's capabilities; nil: there are none.
func why(tx *transaction) *demand {
	if len(tx.claims) == 0 || len(tx.claims) == 1 && tx.claims["xms_cc"].asked() {
		return nil
	}
	var b bytes.Buffer
	if json.Compact(&b, []byte(tx.claimsText)) != nil {
		return nil
	}
	return &demand{wwwauth.Explain(tx.claimsText).String(), b.String()}
}
