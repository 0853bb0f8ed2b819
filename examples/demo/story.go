package main

import (
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/msalcae/msalcae/entratest"
	"github.com/msalcae/msalcae/wwwauth"
)

// A story prints a scene for a person to read.
type story struct{ out io.Writer }

func (s story) title(name, title string) { fmt.Fprintf(s.out, "\n(%s) %s\n", name, title) }

// tell prints who did what.
func (s story) tell(who, format string, args ...any) {
	fmt.Fprintf(s.out, "    %-8s%s\n", who, fmt.Sprintf(format, args...))
}

// wire prints the requests of one call, or of many at once, as the local Entra
// ID and its API recorded them. Of a crowd's equal lines the first is printed,
// with how many there were.
func (s story) wire(requests []entratest.Request) {
	crowd := len(requests) > 10
	times := map[string]int{}
	for _, r := range requests {
		times[describe(r)]++
	}
	told := map[string]bool{"": true}
	challenged := false
	for _, r := range requests {
		line := describe(r)
		if told[line] {
			continue
		}
		told[line] = crowd || line == ""
		if n := times[line]; crowd && n > 1 {
			line += fmt.Sprintf(" (%d times)", n)
		}
		s.tell("", "%s", line)
		if claims := claimsOf(r); claims != "" && !challenged {
			challenged = true
			s.tell("", "       %s", claims)
		}
	}
}

// describe gives a request and its answer in one line; "" for those that belong
// to every program, such as discovery.
func describe(r entratest.Request) string {
	switch r.Endpoint {
	case entratest.APIEndpoint:
		answer := ""
		if r.Challenge != "" {
			answer = ", wants other claims:"
		}
		if r.BodyLength > 0 {
			answer += fmt.Sprintf(", %d bytes arrived, SHA-256 %.8s...", r.BodyLength, r.BodySHA256)
		}
		return fmt.Sprintf("API    %-32s%d%s", r.Method+" "+r.Path, r.Status, answer)
	case entratest.TokenEndpoint:
		answer := ""
		if r.Error != "" {
			answer = fmt.Sprintf(" %s, AADSTS%d", r.Error, r.AADSTS)
		}
		return fmt.Sprintf("Entra  %-32s%d%s", strings.ReplaceAll(r.Grant, "_", " ")+with(r.Claims), r.Status, answer)
	case entratest.AuthorizeEndpoint:
		return fmt.Sprintf("Entra  %-32s%d, and a person signs in", "sign-in page"+with(r.Claims), r.Status)
	}
	return ""
}

func with(claims string) string {
	if claims == "" {
		return ""
	}
	return ", with claims"
}

// claimsOf decodes the claims challenge that a request was answered with.
func claimsOf(r entratest.Request) string {
	if r.Challenge == "" {
		return ""
	}
	claims, err := wwwauth.Claims(&http.Response{
		StatusCode: r.Status,
		Header:     http.Header{"Www-Authenticate": {r.Challenge}},
	})
	if err != nil {
		return err.Error()
	}
	return claims
}

// summary prints how the call ended for its caller, and the counters.
func (s story) summary(r report) {
	if r.Error != "" {
		s.tell("so", "the caller gets: %s", r.Error)
	} else {
		s.tell("so", "the caller sees %d", r.Status)
	}
	s.tell("in all", "%s, %s, %s, %s, %s", count(r.Challenges, "challenge"), count(r.TokenRequests, "token request"),
		count(r.Prompts, "prompt"), count(r.Replays, "replay"), count(r.APICalls, "API call"))
}

// count gives a number with its noun.
func count(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}
