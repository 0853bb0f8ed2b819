package entratest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/msalcae/msalcae/entratest/internal/logbook"
)

// TB is the part of testing.TB that a Watch needs.
type TB interface {
	// Helper marks its caller as one whose lines are of no interest.
	Helper()
	// Errorf reports a failure, after which the test goes on.
	Errorf(format string, args ...any)
}

// A Watch checks what the server saw since it was made, and fails a test with
// the whole conversation if that is not as wanted. Make one with
// [Server.Watch]. Its methods return whether all was well, and may be called
// concurrently if those of the test may.
type Watch struct {
	t      TB
	s      *Server
	before Stats
	began  logbook.Place
}

// Watch begins to watch on behalf of a test.
//
//	seen := srv.Watch(t)
//	srv.Revoke(srv.Username())
//	callTheAPI(t)
//	seen.Challenges(1)
//	seen.TokenRequests(1)
//	seen.Prompts(0)
func (s *Server) Watch(t TB) *Watch {
	before, began := s.recorder.stats()
	return &Watch{t: t, s: s, before: before, began: began}
}

// Stats returns what has been counted since, or since the latest Reset if that
// was later.
func (w *Watch) Stats() Stats {
	st, at := w.s.recorder.stats()
	if at.Clears != w.began.Clears {
		return st
	}
	return st.Sub(w.before)
}

// Requests returns what has been recorded since, or since the latest Reset if
// that was later: at most the latest 10000.
func (w *Watch) Requests() []Request {
	log, logged := w.s.recorder.Latest()
	return log[max(0, len(log)-max(0, logged-w.began.Records)):]
}

// TokenRequests checks how many requests reached the token endpoint, those
// that were refused included.
func (w *Watch) TokenRequests(want int) bool {
	w.t.Helper()
	return w.count("token requests", w.Stats().TokenRequests, want)
}

// APICalls checks how many requests reached the API, replays included.
func (w *Watch) APICalls(want int) bool {
	w.t.Helper()
	return w.count("API calls", w.Stats().APICalls, want)
}

// Challenges checks how many API calls were answered with a claims challenge.
func (w *Watch) Challenges(want int) bool {
	w.t.Helper()
	return w.count("claims challenges", w.Stats().Challenges, want)
}

// Prompts checks how often a person was shown a page.
func (w *Watch) Prompts(want int) bool {
	w.t.Helper()
	return w.count("prompts", w.Stats().Prompts, want)
}

// Grants checks which grants were asked for at the token endpoint, in order.
func (w *Watch) Grants(want ...string) bool {
	w.t.Helper()
	var got []string
	for _, r := range w.Requests() {
		if r.Endpoint == TokenEndpoint {
			got = append(got, r.Grant)
		}
	}
	if slices.Equal(got, want) {
		return true
	}
	return w.fail("the grants were %q, want %q", got, want)
}

// AskedFor checks that the latest token request asked for these claims of the
// access token, "nbf" or "acrs" for example.
func (w *Watch) AskedFor(names ...string) bool {
	w.t.Helper()
	var latest *Request
	for _, r := range w.Requests() {
		if r.Endpoint == TokenEndpoint {
			latest = &r
		}
	}
	if latest == nil {
		return w.fail("nobody asked for a token, want claims %q", names)
	}
	var claims struct {
		AccessToken map[string]json.RawMessage `json:"access_token"`
	}
	_ = json.Unmarshal([]byte(latest.Claims), &claims) // what cannot be read asks for nothing
	for _, name := range names {
		if _, asked := claims.AccessToken[name]; !asked {
			return w.fail("the latest token request did not ask for %q", name)
		}
	}
	return true
}

// NeverSent checks that nobody sent this token, neither to the API nor
// elsewhere: one that was refused before the Watch began, for example.
func (w *Watch) NeverSent(token string) bool {
	w.t.Helper()
	hash := hashOf(token)
	for i, r := range w.Requests() {
		if r.TokenSHA256 == hash {
			return w.fail("token %s came with request %d, and should never have been sent", hash[:8], i+1)
		}
	}
	return true
}

// NoRefusedTokenSentAgain checks that no token that was refused with a challenge
// was sent again. A challenge for an authentication context (acrs) refuses the
// request and not the token, and does not count. Use it where requests come one
// after another: one that was under way at the time of the refusal is innocent.
func (w *Watch) NoRefusedTokenSentAgain() bool {
	w.t.Helper()
	refused := map[string]int{}
	for i, r := range w.Requests() {
		if r.Endpoint != APIEndpoint || r.TokenSHA256 == "" {
			continue
		}
		if at, was := refused[r.TokenSHA256]; was {
			return w.fail("token %s was refused by request %d and came again with request %d", r.TokenSHA256[:8], at, i+1)
		}
		if asked := describeChallenge(r); asked != "" && !strings.Contains(asked, `"acrs"`) {
			refused[r.TokenSHA256] = i + 1
		}
	}
	return true
}

// NoStrayTokens checks that no token went where none belongs: to the URL of an
// upload session or to the authority.
func (w *Watch) NoStrayTokens() bool {
	w.t.Helper()
	return w.count("requests with a token where none belongs", w.Stats().StrayTokens, 0)
}

func (w *Watch) count(what string, got, want int) bool {
	w.t.Helper()
	return got == want || w.fail("%d %s, want %d", got, what, want)
}

func (w *Watch) fail(format string, args ...any) bool {
	w.t.Helper()
	talk := Conversation(w.Requests())
	if talk == "" {
		talk = "nothing\n"
	}
	w.t.Errorf("entratest: %s; this was seen:\n%s", fmt.Sprintf(format, args...), talk)
	return false
}
