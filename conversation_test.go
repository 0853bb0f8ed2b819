package msalcae_test

import (
	"bufio"
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/msalcae/msalcae"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Conversations between a caller, a Transport, its source and an API, as
// services really hold them. Each file of testdata/conversations is a
// transcript: the test plays the caller's, the source's and the API's part
// from it and writes down what happens, which must be the same text.
//
// A transcript begins with a comment and has these parts, in order:
//
//	== call     the caller's request
//	== send     a request as Transport sends it
//	== answer   what the API answers
//	== token    what the source is asked when challenged, and answers
//	== outcome  what the caller gets
//
// In an answer, claims{...} stands for the base64 of the object.
func TestConversations(t *testing.T) {
	files, err := filepath.Glob("testdata/conversations/*.txt")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			raw, err := os.ReadFile(file)
			require.NoError(t, err)
			text := strings.ReplaceAll(string(raw), "\r\n", "\n")
			c := &conversation{t: t}
			c.comment, c.parts = split(text)
			assert.Equal(t, text, c.run())
		})
	}
}

type conversation struct {
	t       *testing.T
	comment string
	parts   []part // of the file
	heard   strings.Builder
}

type part struct{ name, text string }

func split(file string) (string, []part) {
	comment, rest, _ := strings.Cut(file, "== ")
	var parts []part
	for _, p := range strings.Split(rest, "\n== ") {
		name, text, _ := strings.Cut(p, "\n")
		parts = append(parts, part{name, strings.TrimSuffix(text, "\n")})
	}
	return comment, parts
}

// next takes the file's next part of this name.
func (c *conversation) next(name string) string {
	for i, p := range c.parts {
		if p.name == name {
			c.parts = slices.Delete(c.parts, i, i+1)
			return p.text
		}
	}
	c.t.Fatalf("the transcript has no more part %q", name)
	return ""
}

// say writes a part down.
func (c *conversation) say(name, text string) {
	fmt.Fprintf(&c.heard, "== %s\n%s\n", name, text)
}

func (c *conversation) run() string {
	tr := &msalcae.Transport{
		Source: c,
		Base:   base(c.send),
		Hosts:  []string{"graph.microsoft.com", "management.azure.com", "contoso.sharepoint.com", "*.vault.azure.net"},
	}
	resp, err := tr.Client().Do(c.call())
	if err != nil {
		c.failed(err)
	} else {
		body, err := io.ReadAll(resp.Body)
		require.NoError(c.t, err)
		resp.Body.Close()
		c.say("outcome", strings.TrimSuffix(fmt.Sprintf("%d\n%s", resp.StatusCode, body), "\n"))
	}
	return c.comment + c.heard.String()
}

func (c *conversation) call() *http.Request {
	text := c.next("call")
	c.say("call", text)
	req, err := http.ReadRequest(bufio.NewReader(strings.NewReader(wire(text, " HTTP/1.1"))))
	require.NoError(c.t, err)
	req.RequestURI, req.Host = "", ""
	return req
}

// wire is a message as HTTP/1.1 has it, of which a transcript leaves out the
// version and the body's length.
func wire(text, version string) string {
	head, body, _ := strings.Cut(text, "\n\n")
	first, headers, _ := strings.Cut(head, "\n")
	if headers != "" {
		headers += "\n"
	}
	return fmt.Sprintf("%s%s\n%sContent-Length: %d\n\n%s", first, version, headers, len(body), body)
}

// send plays the API.
func (c *conversation) send(req *http.Request) (*http.Response, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s\n", req.Method, req.URL)
	h := req.Header.Clone()
	h.Del("Content-Length")
	require.NoError(c.t, h.Write(&b))
	text := strings.TrimSuffix(strings.ReplaceAll(b.String(), "\r\n", "\n"), "\n")
	if req.Body != nil {
		body, err := io.ReadAll(req.Body)
		require.NoError(c.t, err)
		req.Body.Close()
		if len(body) > 0 {
			text += "\n\n" + string(body)
		}
	}
	c.say("send", text)
	answer := c.next("answer")
	c.say("answer", answer)
	answer = objectClaims.ReplaceAllStringFunc(answer, func(s string) string {
		return `claims="` + base64.StdEncoding.EncodeToString([]byte(strings.TrimPrefix(s, "claims"))) + `"`
	})
	return http.ReadResponse(bufio.NewReader(strings.NewReader("HTTP/1.1 "+wire(answer, ""))), req)
}

var objectClaims = regexp.MustCompile(`claims\{.*\}`)

// Token plays the source, whose answer is the last line of its part.
func (c *conversation) Token(_ context.Context, req msalcae.TokenRequest) (*msalcae.Token, error) {
	if req.Claims == "" {
		return &msalcae.Token{Value: "t1"}, nil
	}
	answer := c.next("token")
	answer = answer[strings.LastIndex(answer, "\n")+1:]
	c.say("token", fmt.Sprintf("claims: %s\nrefused: %s\n%s", req.Claims, req.Rejected, answer))
	if tok, ok := strings.CutPrefix(answer, "new: "); ok {
		return &msalcae.Token{Value: tok}, nil
	}
	return nil, msalcae.ErrInteractionRequired
}

func (c *conversation) failed(err error) {
	var challenge *msalcae.ChallengeError
	require.ErrorAs(c.t, err, &challenge)
	body, bodyErr := io.ReadAll(challenge.Response.Body)
	require.NoError(c.t, bodyErr)
	c.say("outcome", fmt.Sprintf("ChallengeError\ninteraction required: %t\nclaims: %s\nresponse: %d\n%s",
		errors.Is(err, msalcae.ErrInteractionRequired), cmp.Or(challenge.Claims, "none"), challenge.Response.StatusCode, body))
}
