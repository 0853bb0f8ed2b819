package entratest

import (
	"net/http"
	"strings"
	"time"

	"github.com/msalcae/msalcae/entratest/internal/ids"
)

// A deviceGrant is one device authorization (RFC 8628), from the request of
// its codes to the tokens.
type deviceGrant struct {
	app        *app
	tenant     string // as the path had it
	scope      scopeRequest
	claims     claimsRequest
	claimsText string
	userCode   string // as it is shown
	ends       time.Time
	polled     time.Time // last; zero: never

	// What the person has decided.
	signin   *signin // nil: nothing yet
	seq      uint64  // of the sign-in
	declined bool
	redeemed bool
}

// DeviceCodes says how device codes are handed out. The zero value is Entra's
// way.
type DeviceCodes struct {
	Lifetime time.Duration // of a code; 0: 15 minutes
	Interval time.Duration // that polls are asked to keep, in whole seconds; 0: 5 s
	// SlowDown answers a poll that comes sooner than Interval after the one
	// before with slow_down (RFC 8628 section 3.5). Entra never does.
	SlowDown bool
}

// SetDeviceCodes changes how device codes are handed out from now on; codes
// that are out keep their lifetime.
func (s *Server) SetDeviceCodes(d DeviceCodes) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.policy.deviceCodes = d
}

func (d DeviceCodes) lifetime() time.Duration { return orElse(d.Lifetime, 15*time.Minute) }

func (d DeviceCodes) interval() time.Duration { return orElse(d.Interval, 5*time.Second) }

func orElse(d, otherwise time.Duration) time.Duration {
	if d > 0 {
		return d
	}
	return otherwise
}

// deviceAuthorization is the device authorization endpoint (RFC 8628 section
// 3.1), which Entra calls devicecode.
func deviceAuthorization(x *exchange) {
	x.r.Body = http.MaxBytesReader(x.ResponseWriter, x.r.Body, maxFormBytes)
	formErr := x.r.ParseForm()
	x.recordForm(x.r.PostForm)
	if x.faulty() {
		return
	}
	if formErr != nil {
		x.fail(aad(90023, "the body cannot be read"))
		return
	}
	g, err := x.s.newDeviceGrant(x)
	if err != nil {
		x.fail(err)
		return
	}
	page := x.s.loginOrigin(x.r) + devicePage
	x.json(http.StatusOK, map[string]any{
		"user_code":        g.answer.userCode,
		"device_code":      g.code,
		"verification_uri": page,
		"expires_in":       int64(g.lifetime / time.Second),
		"interval":         int64(g.interval / time.Second),
		"message": "To sign in, use a web browser to open the page " + page + " and enter the code " +
			g.answer.userCode + " to authenticate.",
	})
}

// A newDevice is what the device authorization endpoint hands out.
type newDevice struct {
	code               string
	answer             *deviceGrant
	lifetime, interval time.Duration
}

func (s *Server) newDeviceGrant(x *exchange) (newDevice, *aadError) {
	form, tenant := x.r.PostForm, x.r.PathValue("tenant")
	if _, ok := s.tenant(tenant); !ok {
		return newDevice{}, aad(90002, tenant)
	}
	claims, claimsErr := parseClaims(form.Get("claims"))
	s.mu.Lock()
	defer s.mu.Unlock()
	app := s.app(form.Get("client_id"))
	switch {
	case form.Get("client_id") == "":
		return newDevice{}, aad(900144, "client_id")
	case app == nil:
		return newDevice{}, aad(700016, form.Get("client_id"))
	case app.blocked != 0:
		return newDevice{}, aad(app.blocked, app.ClientID)
	case claimsErr != nil:
		return newDevice{}, aad(90100, "claims")
	}
	scope, err := s.parseScope(form.Get("scope"), s.graph.Origin())
	if err != nil {
		return newDevice{}, err
	}
	codes := s.policy.deviceCodes
	g := &deviceGrant{app: app, tenant: tenant, scope: scope, claims: claims, claimsText: form.Get("claims"),
		userCode: newUserCode(), ends: time.Now().Add(codes.lifetime())}
	out := newDevice{code: ids.Secret(), answer: g, lifetime: codes.lifetime(), interval: codes.interval()}
	s.devices.Put(out.code, g)
	s.userCodes.Put(g.userCode, g)
	return out, nil
}

// userCodeLetters have none that look alike, and no vowels (RFC 8628 section
// 6.1).
const userCodeLetters = "BCDFGHJKLMNPQRSTVWXYZ23456789"

func newUserCode() string {
	code := ids.Random(9)
	for i, b := range code {
		code[i] = userCodeLetters[int(b)%len(userCodeLetters)]
	}
	return string(code)
}

// spokenCode is a user code as a person may write it.
func spokenCode(text string) string {
	return strings.ToUpper(strings.NewReplacer(" ", "", "-", "", "\t", "").Replace(text))
}

// redeemDeviceCode is RFC 8628 section 3.4. Its errors are Entra's. The claims
// count that came for the codes and those that come now.
func redeemDeviceCode(s *Server, req *tokenRequest) (*issue, *aadError) {
	value := req.form.Get("device_code")
	if value == "" {
		value = req.form.Get("code") // as the first version had it
	}
	if value == "" {
		return nil, aad(900144, "device_code")
	}
	g, ok := s.devices.Get(value)
	if !ok || g.app != req.app {
		return nil, aad(70018)
	}
	now, last := time.Now(), g.polled
	g.polled = now
	switch codes := s.policy.deviceCodes; {
	case g.redeemed:
		return nil, aad(90120)
	case g.declined:
		return nil, aad(65004).as("authorization_declined", "")
	case !now.Before(g.ends):
		return nil, aad(70019)
	case codes.SlowDown && !last.IsZero() && now.Sub(last) < codes.interval():
		return nil, aad(70016).as("slow_down", "")
	case g.signin == nil:
		return nil, aad(70016)
	case g.signin.user.blocked != 0:
		return nil, aad(g.signin.user.blocked)
	case g.seq < g.signin.user.validFrom:
		return nil, aad(70008)
	}
	i, err := s.issueUser(req, *g.signin, g.scope, g.claims.with(req.claims), "")
	if err == nil {
		g.redeemed = true
	}
	return i, err
}
