package pages

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// What clients and people have typed is text on every page, and nothing else: no
// page but form_post's, which submits itself, has a script.
func TestPagesShowText(t *testing.T) {
	const hostile = `"><script>alert(1)</script>`
	data := map[string]any{"Error": hostile, "App": hostile, "Account": hostile, "Accounts": []string{hostile}, "Hint": hostile,
		"Scope": hostile, "Post": hostile, "Action": hostile, "Fields": map[string][]string{hostile: {hostile}}, "Back": hostile, "Frames": []string{hostile},
		"Ctx": hostile, "Why": map[string]any{"Claims": hostile, "Reasons": hostile}}
	for _, p := range []Page{SignIn, Approve, Consent, Device, Confirm, Done, SignedOut, FormPost, Error, Blank} {
		w := httptest.NewRecorder()
		Write(w, httptest.NewRequest("GET", "/", nil), 200, p, data)
		body := w.Body.String()
		assert.NotContains(t, body, "<script>alert", p)
		assert.Equal(t, p == FormPost, strings.Contains(body, "<script"), p)
		assert.Equal(t, "DENY", w.Header().Get("X-Frame-Options"), p)
	}
}
