package webpage

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/msalcae/msalcae/entratest/internal/pages"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func shown(t *testing.T, p pages.Page, data map[string]any) *Page {
	t.Helper()
	w, r := httptest.NewRecorder(), httptest.NewRequest("GET", "https://login.test/authorize?a=b", nil)
	pages.Write(w, r, 200, p, data)
	resp := w.Result()
	resp.Request = r
	page, err := Read(resp, true)
	require.NoError(t, err)
	return page
}

// Whatever text is in a form comes back when it is submitted.
func TestForms(t *testing.T) {
	const text = `a&b "c" <d> 'é'`
	page := shown(t, pages.FormPost, map[string]any{"Action": "https://app.test/back?x=1", "Fields": url.Values{"state": {text, "two\nlines"}}})
	form := page.Form("form_post")
	require.NotNil(t, form)
	req, err := form.Request(context.Background(), page.URL)
	require.NoError(t, err)
	assert.Equal(t, "https://app.test/back?x=1", req.URL.String())
	sent, err := io.ReadAll(req.Body)
	require.NoError(t, err)
	values, err := url.ParseQuery(string(sent))
	require.NoError(t, err)
	assert.Equal(t, url.Values{"state": {text, "two\r\nlines"}}, values)

	page = shown(t, pages.SignIn, map[string]any{"Post": "/login", "Accounts": []string{"ada", "grace"}, "Error": "Your password is incorrect."})
	assert.Equal(t, "account", page.Form().ID)
	assert.Nil(t, page.Form("approve"))
	assert.Equal(t, "Your password is incorrect.", page.Problem())
	req, err = page.Form("signin").Request(context.Background(), page.URL)
	require.NoError(t, err)
	assert.Equal(t, "https://login.test/login", req.URL.String())
}

func TestLinksAndFrames(t *testing.T) {
	page := shown(t, pages.SignedOut, map[string]any{"Frames": []string{"https://app.test/out?sid=1"}, "Back": "https://app.test/bye"})
	assert.Equal(t, []string{"https://app.test/out?sid=1"}, page.Frames)
	assert.Equal(t, "https://app.test/bye", page.Next)
	assert.NotEmpty(t, page.Texts["done"])
}

// What a client's redirect URI was given is in its query, or in its fragment.
func TestAnswers(t *testing.T) {
	for _, at := range []string{"https://app.test/back?code=1", "https://app.test/back?x=y#code=1"} {
		u, err := url.Parse(at)
		require.NoError(t, err)
		page, err := Read(&http.Response{StatusCode: 404, Body: http.NoBody, Request: &http.Request{URL: u}}, false)
		require.NoError(t, err)
		assert.Equal(t, url.Values{"code": {"1"}}, page.Answer, at)
		assert.Equal(t, 404, page.Status)
	}
}
