package entratest_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/msalcae/msalcae/entratest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// startUpload returns the URL of a session.
func startUpload(t testing.TB, s *entratest.Server, token, api string) string {
	t.Helper()
	a := send(t, s.Client(), bearer(t, "POST", api+"/me/drive/root:/reports/june.pdf:/createUploadSession", token, strings.NewReader(`{"item":{}}`)))
	require.Equal(t, 200, a.status, "%s", a.body)
	assert.Equal(t, []any{"0-"}, a.json["nextExpectedRanges"])
	return a.text("uploadUrl")
}

func fragment(t testing.TB, s *entratest.Server, to, ranges string, body io.Reader) answer {
	t.Helper()
	req, err := http.NewRequest(http.MethodPut, to, body)
	require.NoError(t, err)
	req.Header.Set("Content-Range", ranges)
	return send(t, s.Client(), req)
}

func TestUploadSession(t *testing.T) {
	s := newServer(t)
	token := newNativeApp(t, s).signIn(cp1).token()
	file := bytes.Repeat([]byte("0123456789"), 100)
	to := startUpload(t, s, token, s.API())

	at, err := url.Parse(to)
	require.NoError(t, err)
	api, err := url.Parse(s.API())
	require.NoError(t, err)
	assert.NotEqual(t, api.Hostname(), at.Hostname(), "another host, by name and not by port alone")

	first := fragment(t, s, to, "bytes 0-399/1000", bytes.NewReader(file[:400]))
	assert.Equal(t, 202, first.status, "%s", first.body)
	assert.Equal(t, []any{"400-"}, first.json["nextExpectedRanges"])
	assert.Equal(t, 416, fragment(t, s, to, "bytes 0-399/1000", bytes.NewReader(file[:400])).status, "sent already")
	assert.Equal(t, 416, fragment(t, s, to, "bytes 500-999/1000", bytes.NewReader(file[500:])).status, "a gap")
	assert.Equal(t, 416, fragment(t, s, to, "bytes 400-999/2000", bytes.NewReader(file[400:])).status, "of another size")
	for _, bad := range []string{"", "bytes", "bytes 400-999", "bytes 999-400/1000", "bytes 400-1000/1000", "bytes -1-2/1000", "bytes 400-999/99999999999999999999"} {
		assert.Equal(t, 400, fragment(t, s, to, bad, bytes.NewReader(file[400:])).status, bad)
	}
	assert.Equal(t, []any{"400-"}, get(t, s, to).json["nextExpectedRanges"])

	last := fragment(t, s, to, "bytes 400-999/1000", bytes.NewReader(file[400:]))
	require.Equal(t, 201, last.status, "%s", last.body)
	assert.Equal(t, "june.pdf", last.text("name"))
	sum := sha256.Sum256(file)
	assert.Contains(t, string(last.body), hex.EncodeToString(sum[:]), "the whole file, in order")
	assert.Equal(t, 404, get(t, s, to).status, "the session has ended")
	assert.Equal(t, 200, call(t, s, token, "GET", "/me/drive/items/"+last.text("id"), "").status)

	assert.Zero(t, s.Stats().StrayTokens)
	assert.Equal(t, 2, s.Stats().APICalls)
	assert.Equal(t, 14, s.Stats().UploadRequests)
}

// Half a fragment is none, and the next attempt is good.
func TestUploadIsResumed(t *testing.T) {
	s := newServer(t)
	token := newNativeApp(t, s).signIn(cp1).token()
	to := startUpload(t, s, token, s.API())
	req, err := http.NewRequest(http.MethodPut, to, io.MultiReader(strings.NewReader("half"), iotest.ErrReader(errors.New("the disk is gone"))))
	require.NoError(t, err)
	req.Header.Set("Content-Range", "bytes 0-7/8")
	_, err = s.Client().Do(req)
	require.Error(t, err)
	require.Eventually(t, func() bool { return fragment(t, s, to, "bytes 0-7/8", strings.NewReader("complete")).status == 201 }, 5*time.Second, time.Millisecond)
}

// The URL authorizes by itself; a token that comes along has leaked.
func TestUploadURLWantsNoToken(t *testing.T) {
	s := newServer(t)
	token := newNativeApp(t, s).signIn(cp1).token()
	to := startUpload(t, s, token, s.API())
	req := bearer(t, http.MethodPut, to, token, strings.NewReader("contents"))
	req.Header.Set("Content-Range", "bytes 0-7/8")
	assert.Equal(t, 401, send(t, s.Client(), req).status)
	assert.Equal(t, 1, s.Stats().StrayTokens)
	log := s.Requests(entratest.UploadEndpoint)
	sum := sha256.Sum256([]byte(token))
	assert.Equal(t, hex.EncodeToString(sum[:]), log[0].TokenSHA256)
	assert.Equal(t, 201, fragment(t, s, to, "bytes 0-7/8", strings.NewReader("contents")).status)
}

func TestUploadSessionEnds(t *testing.T) {
	inBubble(t, func(t *testing.T, s *entratest.Server) {
		token := post(t, s, daemon(s, cp1)).token()
		to := startUpload(t, s, token, s.API())
		assert.True(t, strings.HasPrefix(to, "https://files.entra.test/"), to)
		time.Sleep(20 * time.Hour)
		assert.Equal(t, 202, fragment(t, s, to, "bytes 0-3/8", strings.NewReader("four")).status, "and lives for another day")
		time.Sleep(24*time.Hour - time.Second)
		assert.Equal(t, 200, get(t, s, to).status)
		time.Sleep(time.Second)
		assert.Equal(t, 404, get(t, s, to).status)

		token = post(t, s, daemon(s, cp1)).token()
		to = startUpload(t, s, token, s.API())
		req, err := http.NewRequest(http.MethodDelete, to, nil)
		require.NoError(t, err)
		assert.Equal(t, 204, send(t, s.Client(), req).status)
		assert.Equal(t, 404, get(t, s, to).status)

		// Who calls Graph by its name gets a URL by a name.
		to = startUpload(t, s, token, "https://graph.microsoft.com/v1.0")
		assert.True(t, strings.HasPrefix(to, "https://contoso-my.sharepoint.com/"), to)
		assert.Equal(t, 201, fragment(t, s, to, "bytes 0-7/8", strings.NewReader("contents")).status)
	})
}

func TestUploadURLIsNotInTheLog(t *testing.T) {
	s := newServer(t)
	token := newNativeApp(t, s).signIn(cp1).token()
	to := startUpload(t, s, token, s.API())
	get(t, s, to)
	secret := to[strings.LastIndex(to, "/")+1:]
	assert.NotContains(t, fmt.Sprint(s.Log()), secret)
}

// One fragment at a time, and none that is too large, whoever begins.
func TestFragmentsAreBounded(t *testing.T) {
	inBubble(t, func(t *testing.T, s *entratest.Server) {
		to := startUpload(t, s, post(t, s, daemon(s, cp1)).token(), s.API())
		body, writer := io.Pipe()
		first := make(chan answer, 1)
		go func() { first <- fragment(t, s, to, "bytes 0-7/8", body) }()
		synctest.Wait() // until the server reads
		assert.Equal(t, 416, fragment(t, s, to, "bytes 0-7/8", strings.NewReader("contents")).status, "another is on its way")
		io.WriteString(writer, "contents")
		writer.Close()
		assert.Equal(t, 201, (<-first).status)

		to = startUpload(t, s, post(t, s, daemon(s, cp1)).token(), s.API())
		body, writer = io.Pipe()
		defer writer.Close()
		assert.Equal(t, 413, fragment(t, s, to, "bytes 0-62914560/62914561", body).status, "more than 60 MiB")
	})
}
