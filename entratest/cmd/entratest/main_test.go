package main_test

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// program is the command, built once for all tests.
var program string

func TestMain(m *testing.M) { os.Exit(buildAndRun(m)) }

func buildAndRun(m *testing.M) int {
	dir, err := os.MkdirTemp("", "entratest-cmd-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	program = filepath.Join(dir, "entratest")
	if runtime.GOOS == "windows" {
		program += ".exe"
	}
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "%s%v\n", out, err)
		return 1
	}
	return m.Run()
}

// A process is the command, running.
type process struct {
	t      *testing.T
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	stdout *bufio.Reader
	stderr strings.Builder
	ready  map[string]string
	ended  bool
}

// begin starts the command, and fails the test if it does not become ready.
func begin(t *testing.T, args ...string) *process {
	t.Helper()
	p := &process{t: t, cmd: exec.Command(program, args...)}
	var err error
	p.stdin, err = p.cmd.StdinPipe()
	require.NoError(t, err)
	out, err := p.cmd.StdoutPipe()
	require.NoError(t, err)
	p.stdout = bufio.NewReader(out)
	p.cmd.Stderr = &p.stderr
	require.NoError(t, p.cmd.Start())
	t.Cleanup(func() {
		if !p.ended {
			p.cmd.Process.Kill()
			p.cmd.Wait()
		}
	})
	line, err := p.stdout.ReadString('\n')
	require.NoError(t, err, "no ready line")
	require.NoError(t, json.Unmarshal([]byte(line), &p.ready), line)
	return p
}

// end waits until the command has ended, and returns what it printed after the
// ready line.
func (p *process) end() (rest string, err error) {
	b, readErr := io.ReadAll(p.stdout)
	require.NoError(p.t, readErr)
	p.ended = true
	return string(b), p.cmd.Wait()
}

// client trusts the certificate that the ready line names, and no other.
func (p *process) client() *http.Client {
	pem, err := os.ReadFile(p.ready["ca_file"])
	require.NoError(p.t, err)
	roots := x509.NewCertPool()
	require.True(p.t, roots.AppendCertsFromPEM(pem))
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, ForceAttemptHTTP2: true}
	p.t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: time.Minute}
}

// post posts JSON to an admin endpoint.
func (p *process) post(path, body string) (int, string) {
	p.t.Helper()
	resp, err := http.Post(p.ready["admin"]+path, "application/json", strings.NewReader(body))
	require.NoError(p.t, err)
	return read(p.t, resp)
}

// daemonToken gets an application's own token for the claims.
func (p *process) daemonToken(claims string) string {
	p.t.Helper()
	resp, err := p.client().PostForm(p.ready["authority"]+"/oauth2/v2.0/token", url.Values{
		"grant_type": {"client_credentials"}, "client_id": {p.ready["client_id"]}, "client_secret": {p.ready["client_secret"]},
		"scope": {p.ready["scope"]}, "claims": {claims}})
	require.NoError(p.t, err)
	status, body := read(p.t, resp)
	require.Equal(p.t, 200, status, body)
	var answer struct {
		AccessToken string `json:"access_token"`
	}
	require.NoError(p.t, json.Unmarshal([]byte(body), &answer))
	return answer.AccessToken
}

// call reads a path of the API.
func (p *process) call(path, token string) (int, string) {
	p.t.Helper()
	req, err := http.NewRequest(http.MethodGet, p.ready["api"]+path, nil)
	require.NoError(p.t, err)
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := p.client().Do(req)
	require.NoError(p.t, err)
	return read(p.t, resp)
}

func read(t *testing.T, resp *http.Response) (int, string) {
	t.Helper()
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp.StatusCode, string(b)
}

const cp1 = `{"access_token":{"xms_cc":{"values":["cp1"]}}}`

func TestARevocationInAnotherProcess(t *testing.T) {
	p := begin(t)
	for _, name := range []string{"authority", "tenant", "client_id", "client_secret", "public_client_id", "username", "password",
		"scope", "user_scope", "api", "ca_file", "admin"} {
		assert.NotEmpty(t, p.ready[name], name)
	}
	for _, name := range []string{"authority", "api", "admin"} {
		u, err := url.Parse(p.ready[name])
		require.NoError(t, err)
		assert.Equal(t, "127.0.0.1", u.Hostname(), name)
	}
	token := p.daemonToken(cp1)
	status, body := p.call("/users", token)
	require.Equal(t, 200, status, body)

	status, body = p.post("/revoke", `{"client":"`+p.ready["client_id"]+`"}`)
	require.Equal(t, 200, status, body)
	status, body = p.call("/users", token)
	assert.Equal(t, 401, status)
	assert.Contains(t, body, "TokenIssuedBeforeRevocationTimestamp")
	status, _ = p.call("/users", p.daemonToken(`{"access_token":{"nbf":{"essential":true,"value":"1700000000"},"xms_cc":{"values":["cp1"]}}}`))
	assert.Equal(t, 200, status)

	resp, err := http.Get(p.ready["admin"] + "/stats")
	require.NoError(t, err)
	_, body = read(t, resp)
	var stats map[string]int
	require.NoError(t, json.Unmarshal([]byte(body), &stats))
	assert.Equal(t, 2, stats["token_requests"])
	assert.Equal(t, 1, stats["challenges"])

	require.NoError(t, p.cmd.Process.Signal(syscall.SIGTERM))
	rest, err := p.end()
	require.NoError(t, err)
	assert.Empty(t, rest, "one line and nothing after it")
	assert.NoDirExists(t, filepath.Dir(p.ready["ca_file"]))
	assert.Contains(t, p.stderr.String(), "FOR TESTS ONLY")
}

func TestEndsWithItsStandardInput(t *testing.T) {
	p := begin(t)
	require.NoError(t, p.stdin.Close())
	_, err := p.end()
	require.NoError(t, err)
	assert.NoDirExists(t, filepath.Dir(p.ready["ca_file"]))

	p = begin(t, "-stay")
	require.NoError(t, p.stdin.Close())
	status, _ := p.post("/reset", "") // answered after standard input has ended
	assert.Equal(t, 200, status)
	require.NoError(t, p.cmd.Process.Signal(os.Interrupt))
	_, err = p.end()
	require.NoError(t, err)
}

func TestPortsAndFile(t *testing.T) {
	first := begin(t)
	ports := map[string]string{}
	for _, name := range []string{"authority", "api", "admin"} {
		u, err := url.Parse(first.ready[name])
		require.NoError(t, err)
		ports[name] = u.Port()
	}
	require.NoError(t, first.stdin.Close())
	_, err := first.end()
	require.NoError(t, err)

	file := filepath.Join(t.TempDir(), "config.json")
	require.NoError(t, os.WriteFile(file, []byte(`{
		"users": [{"username": "eve@contoso.test", "password": "pass", "name": "Eve"}],
		"apps": [{"client_id": "99999999-0000-4000-8000-000000000003", "secret": "a secret", "redirect_uris": ["http://localhost/x"]}],
		"switches": [{"token-lifetime": {"lifetime": "10m"}}, {"require-auth-context": {"path": "/users", "ids": ["c1"]}}]}`), 0o600))
	p := begin(t, "-authority-port", ports["authority"], "-api-port", ports["api"], "-admin-port", ports["admin"], "-config", file,
		"-tenant", "22222222-3333-4444-5555-666666666666")
	assert.Equal(t, "22222222-3333-4444-5555-666666666666", p.ready["tenant"])
	for name, port := range ports {
		assert.Contains(t, p.ready[name], "127.0.0.1:"+port, name)
	}
	for range 2 { // and once more after a reset
		status, body := p.call("/users", p.daemonToken(cp1))
		assert.Equal(t, 401, status, body)
		resp, err := http.Get(p.ready["admin"] + "/config")
		require.NoError(t, err)
		_, body = read(t, resp)
		assert.Contains(t, body, `"eve@contoso.test"`)
		assert.Contains(t, body, `"99999999-0000-4000-8000-000000000003"`)
		status, body = p.post("/reset", "{}")
		require.Equal(t, 200, status, body)
	}

	for want, args := range map[string][]string{
		"the API cannot listen":             {"-api-port", ports["api"]},
		"the admin endpoints cannot listen": {"-admin-port", ports["admin"]},
		"flag provided but not defined":     {"-what"},
		"unexpected argument":               {"what"},
		"must be a GUID":                    {"-tenant", "contoso"},
		"no such file":                      {"-config", filepath.Join(t.TempDir(), "none.json")},
		`unknown field "user"`:              {"-config", write(t, `{"user": []}`)},
		`unknown field "path2"`:             {"-config", write(t, `{"switches": [{"require-auth-context": {"path2": ""}}]}`)},
		`there is no switch "explode"`:      {"-config", write(t, `{"switches": [{"explode": {}}]}`)},
		`the username "ada@contoso.test"`:   {"-config", write(t, `{"users": [{"username": "ada@contoso.test"}]}`)},
	} {
		var stderr strings.Builder
		cmd := exec.Command(program, args...)
		cmd.Stderr = &stderr
		assert.Error(t, cmd.Run(), want)
		assert.Contains(t, stderr.String(), want)
	}
}

func write(t *testing.T, text string) string {
	file := filepath.Join(t.TempDir(), "config.json")
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	return file
}
