package entratest

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/msalcae/msalcae/entratest/internal/ids"
	"github.com/msalcae/msalcae/entratest/internal/pages"
)

// A transaction is one authorize request, from its arrival to the code. The
// sign-in pages carry its id.
type transaction struct {
	id     string
	origin string // the authority, as the browser knows it
	tenant string // as the path has it

	app                              *app
	redirectURI, responseMode, state string
	scope                            scopeRequest
	nonce, hint, domain              string
	maxAge                           time.Duration // of the sign-in; negative: any
	challenge, challengeMethod       string
	claims                           claimsRequest
	claimsText                       string
	login, pick, consent, silent     bool // what prompt asks for
	clientInfo                       bool // client_info=1

	device  *deviceGrant // that is to get the tokens; nil: the redirect URI gets a code
	confirm bool         // the person must say that the application is meant

	cookies []string   // the browser's handles of sessions, see sessionCookie
	session *session   // who signed in; nil: nobody yet
	page    pages.Page // that the person sees; "": none yet
}

// An authCode is handed to the client by way of the browser.
type authCode struct {
	tx       *transaction
	signin   signin
	seq      uint64
	issued   time.Time
	redeemed bool
}

const codeLifetime = 10 * time.Minute

// authorize is the authorize endpoint (RFC 6749 section 4.1.1).
func authorize(x *exchange) {
	x.r.Body = http.MaxBytesReader(x.ResponseWriter, x.r.Body, maxFormBytes)
	formErr := x.r.ParseForm()
	x.recordForm(x.r.Form)
	if x.faulty() {
		return
	}
	if formErr != nil {
		x.errorPage(aad(90023, "the parameters cannot be read"))
		return
	}
	if name := oversized(x.r.Form); name != "" && name != "claims" { // the client is told of its claims
		x.errorPage(aad(90100, name))
		return
	}
	tx, pageErr := x.s.newTransaction(x)
	if pageErr != nil {
		x.errorPage(pageErr)
		return
	}
	if err := tx.read(x.s, x.r.Form); err != nil {
		x.redirectError(tx, err)
		return
	}
	x.s.mu.Lock()
	tx.cookies = cookies(x.r)
	x.s.resume(tx)
	tx.id = ids.Secret()
	x.s.pending.Put(tx.id, tx)
	next := x.s.step(tx)
	x.s.mu.Unlock()
	next(x)
}

// newTransaction reads what must be right before anything is sent to the
// redirect URI: a mistake in it is shown to the person, not to the client.
func (s *Server) newTransaction(x *exchange) (*transaction, *aadError) {
	form, name := x.r.Form, x.r.PathValue("tenant")
	if _, ok := s.tenant(name); !ok {
		return nil, aad(90002, name)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	app := s.app(form.Get("client_id"))
	switch uri := form.Get("redirect_uri"); {
	case form.Get("client_id") == "":
		return nil, aad(900144, "client_id")
	case app == nil:
		return nil, aad(700016, form.Get("client_id"))
	case uri == "":
		return nil, aad(900144, "redirect_uri")
	case !app.redirectAllowed(uri):
		return nil, aad(50011, uri, app.ClientID)
	}
	return &transaction{
		origin: s.loginOrigin(x.r), tenant: name, app: app,
		redirectURI: form.Get("redirect_uri"), responseMode: "query", state: form.Get("state"),
	}, nil
}

// read reads the rest; its errors go to the client.
func (tx *transaction) read(s *Server, form url.Values) *aadError {
	if mode := form.Get("response_mode"); mode != "" {
		if !slices.Contains([]string{"query", "fragment", "form_post"}, mode) {
			return aad(90100, "response_mode")
		}
		tx.responseMode = mode
	}
	switch kind := form.Get("response_type"); kind {
	case "code":
	case "":
		return aad(900144, "response_type")
	default:
		return aad(700054, kind)
	}
	tx.nonce, tx.hint, tx.clientInfo = form.Get("nonce"), form.Get("login_hint"), form.Get("client_info") == "1"
	tx.domain, tx.maxAge = form.Get("domain_hint"), -1
	if text := form.Get("max_age"); text != "" {
		seconds, err := strconv.ParseUint(text, 10, 31)
		if err != nil {
			return aad(90100, "max_age")
		}
		tx.maxAge = time.Duration(seconds) * time.Second
	}
	for _, p := range strings.Fields(form.Get("prompt")) {
		switch p {
		case "none":
			tx.silent = true
		case "login":
			tx.login = true
		case "select_account":
			tx.pick = true
		case "consent":
			tx.consent = true
		case "create":
		default:
			return aad(90023, "unsupported value of 'prompt'")
		}
	}
	if tx.silent && (tx.login || tx.pick || tx.consent) {
		return aad(90023, "prompt 'none' goes with no other")
	}
	if err := tx.readPKCE(form); err != nil {
		return err
	}
	claims, err := parseClaims(form.Get("claims"))
	if err != nil {
		return aad(90100, "claims")
	}
	tx.claims, tx.claimsText = claims, form.Get("claims")
	s.mu.Lock()
	defer s.mu.Unlock()
	scope, scopeErr := s.parseScope(form.Get("scope"), s.graph.Origin())
	tx.scope = scope
	return scopeErr
}

// readPKCE reads RFC 7636's parameters. Entra does not demand them.
func (tx *transaction) readPKCE(form url.Values) *aadError {
	tx.challenge, tx.challengeMethod = form.Get("code_challenge"), form.Get("code_challenge_method")
	size := len(tx.challenge)
	switch {
	case tx.challenge == "" && tx.challengeMethod == "":
		return nil
	case tx.challenge == "":
		return aad(50147)
	case tx.challengeMethod == "":
		tx.challengeMethod = "plain"
	case tx.challengeMethod != "plain" && tx.challengeMethod != "S256":
		return aad(90100, "code_challenge_method")
	}
	if tx.challengeMethod == "S256" && size != 43 || size < 43 || size > 128 {
		return aad(501491)
	}
	return nil
}

// step decides what comes next in a transaction: an answer for the client, or
// another page. s.mu is held.
func (s *Server) step(tx *transaction) handler {
	if tx.session != nil && !s.alive(tx.session) {
		tx.session = nil
	}
	if tx.session == nil || tx.login || tx.pick {
		if tx.silent {
			return s.refuse(tx, tx.unseen())
		}
		return s.show(tx, pages.SignIn, "")
	}
	if o := s.objection(tx); o != nil {
		switch {
		case o.cure == "":
			return s.refuse(tx, o.err.as("access_denied", ""))
		case tx.silent && o.cure == pages.Consent:
			return s.refuse(tx, o.err.as("consent_required", ""))
		case tx.silent:
			return s.refuse(tx, o.err.as("interaction_required", ""))
		}
		return s.show(tx, o.cure, "")
	}
	if tx.confirm {
		return s.show(tx, pages.Confirm, "")
	}
	if tx.consent {
		return s.show(tx, pages.Consent, "")
	}
	return s.finish(tx)
}

// unseen is the error of a request that may show no page, and would have to.
func (tx *transaction) unseen() *aadError {
	if tx.pick && !tx.login {
		return aad(16000)
	}
	return aad(50058)
}

// objection returns why the transaction's session does not suffice. s.mu is
// held.
func (s *Server) objection(tx *transaction) *objection {
	in := tx.session.signin()
	a := admission{policy: &s.policy, app: tx.app, who: &in.user.principal, signin: in, scope: tx.scope, claims: tx.claims}
	return a.objection()
}

// refuse ends a transaction with an error. s.mu is held.
func (s *Server) refuse(tx *transaction, e *aadError) handler {
	s.pending.Drop(tx.id)
	if tx.device != nil {
		return s.refuseDevice(tx, e)
	}
	return func(x *exchange) { x.redirectError(tx, e) }
}

// finish hands out the code, or lets the device have its tokens. s.mu is held.
func (s *Server) finish(tx *transaction) handler {
	s.pending.Drop(tx.id)
	if tx.device != nil {
		return s.finishDevice(tx)
	}
	code := ids.Secret()
	s.codes.Put(code, &authCode{tx: tx, seq: s.next(), signin: tx.session.signin(), issued: time.Now()})
	answer := url.Values{"code": {code}, "session_state": {tx.session.id}}
	if tx.clientInfo {
		answer.Set("client_info", clientInfo(tx.session.user.User))
	}
	cookie, label := s.remember(tx), tx.session.user.label
	return func(x *exchange) {
		x.rec.Account = label
		http.SetCookie(x, cookie)
		x.s.recorder.count(func(st *Stats) { st.SignIns++ })
		x.respond(tx, answer)
	}
}
