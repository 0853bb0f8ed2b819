package entratest

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/msalcae/msalcae/wwwauth"
)

// String describes the request for a person, in a line for what it was and how
// it was answered, and an indented one for each thing that it asked or was told.
// Tokens and secrets are not in it; of a token the first digits of its hash are
// shown, by which it can be told from others.
func (r Request) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%-4s %s", r.Method, r.Path)
	if r.Status == 0 {
		b.WriteString("  not answered")
	} else {
		fmt.Fprintf(&b, "  %d", r.Status)
	}
	for _, word := range []string{r.Error, r.Suberror} {
		if word != "" {
			b.WriteString(" " + word)
		}
	}
	if r.AADSTS != 0 {
		fmt.Fprintf(&b, " AADSTS%d", r.AADSTS)
	}
	detail := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "\n     %s: %s", name, value)
		}
	}
	detail("grant", r.Grant)
	detail("for", strings.TrimSpace(r.Account+" "+r.Client))
	detail("scope", strings.Join(r.Scopes, " "))
	detail("prompt", r.Prompt)
	detail("claims", shortened(r.Claims))
	if r.TokenSHA256 != "" {
		detail("token", r.TokenSHA256[:8])
	}
	detail("challenge", describeChallenge(r))
	return b.String()
}

// describeChallenge shows the claims that a challenge asks for, or the header if
// they cannot be read.
func describeChallenge(r Request) string {
	if r.Challenge == "" || !strings.Contains(r.Challenge, "insufficient_claims") {
		return ""
	}
	claims, err := wwwauth.Claims(&http.Response{StatusCode: r.Status, Header: http.Header{"Www-Authenticate": {r.Challenge}}})
	if err != nil || claims == "" {
		return shortened(r.Challenge)
	}
	return shortened(claims)
}

// shortened keeps what a hostile test sends from filling a terminal.
func shortened(s string) string {
	const most = 300
	s = strings.ToValidUTF8(s, "?")
	if len(s) > most {
		return strings.ToValidUTF8(s[:most], "") + fmt.Sprintf("... (%d bytes)", len(s))
	}
	return s
}

// Conversation describes requests for a person, one after another.
func Conversation(requests []Request) string {
	var b strings.Builder
	for i, r := range requests {
		fmt.Fprintf(&b, "%3d  %s\n", i+1, strings.ReplaceAll(r.String(), "\n", "\n     "))
	}
	return b.String()
}
