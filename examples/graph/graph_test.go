package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Both programs, built once for all tests, and a folder that has the opener of
// web pages which a desktop would have: this test program under another name.
var (
	program, authority string
	desktop            string
)

func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == opener() {
		os.Exit(openPage(os.Args[len(os.Args)-1]))
	}
	os.Exit(buildAndRun(m))
}

func buildAndRun(m *testing.M) int {
	dir, err := os.MkdirTemp("", "graph-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	program, authority, desktop = filepath.Join(dir, "graph.exe"), filepath.Join(dir, "entratest.exe"), filepath.Join(dir, "bin")
	for out, pkg := range map[string]string{program: ".", authority: "github.com/msalcae/msalcae/entratest/cmd/entratest"} {
		if text, err := exec.Command("go", "build", "-o", out, pkg).CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "%s%v\n", text, err)
			return 1
		}
	}
	if err := furnish(desktop); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// opener is the command by which a desktop opens a page.
func opener() string {
	switch runtime.GOOS {
	case "darwin":
		return "open"
	case "windows":
		return "rundll32.exe"
	}
	return "xdg-open"
}

func furnish(desktop string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	if err := os.Mkdir(desktop, 0o700); err != nil {
		return err
	}
	return os.Symlink(self, filepath.Join(desktop, opener()))
}

// openPage has the person at the Entra of the environment sign in.
func openPage(url string) int {
	body, _ := json.Marshal(map[string]string{"url": url, "user": os.Getenv("ENTRATEST_USER")})
	resp, err := http.Post(os.Getenv("ENTRATEST_ADMIN")+"/sign-in", "application/json", bytes.NewReader(body))
	if err != nil || resp.StatusCode != 200 {
		return 1
	}
	return 0
}

// An elsewhere is an Entra in another process.
type elsewhere struct {
	t     *testing.T
	ready map[string]string
	env   []string
}

func startEntra(t *testing.T) *elsewhere {
	t.Helper()
	cmd := exec.Command(authority)
	stdin, err := cmd.StdinPipe()
	require.NoError(t, err)
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = stdin.Close()
		_ = cmd.Wait()
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	require.NoError(t, err)
	e := &elsewhere{t: t}
	require.NoError(t, json.Unmarshal([]byte(line), &e.ready))
	e.env = []string{
		"MSALCAE_CLIENT_ID=" + e.ready["public_client_id"],
		"MSALCAE_AUTHORITY=" + strings.TrimSuffix(e.ready["authority"], "/"+e.ready["tenant"]),
		"MSALCAE_TENANT=" + e.ready["tenant"],
		"MSALCAE_GRAPH=" + e.ready["api"],
		"MSALCAE_CA_FILE=" + e.ready["ca_file"],
		"ENTRATEST_ADMIN=" + e.ready["admin"],
		"DISPLAY=:99",
		"MSALCAE_CACHE=memory",
	}
	return e
}

// set throws a switch.
func (e *elsewhere) set(name, body string) {
	e.t.Helper()
	resp, err := http.Post(e.ready["admin"]+"/"+name, "application/json", strings.NewReader(body))
	require.NoError(e.t, err)
	defer resp.Body.Close()
	text, _ := io.ReadAll(resp.Body)
	require.Equal(e.t, 200, resp.StatusCode, string(text))
}

// log returns what was asked of an endpoint.
func (e *elsewhere) log(endpoint string) (matching []map[string]any) {
	e.t.Helper()
	resp, err := http.Get(e.ready["admin"] + "/log")
	require.NoError(e.t, err)
	defer resp.Body.Close()
	var all struct {
		Requests []map[string]any `json:"requests"`
	}
	require.NoError(e.t, json.NewDecoder(resp.Body).Decode(&all))
	for _, r := range all.Requests {
		if r["endpoint"] == endpoint {
			matching = append(matching, r)
		}
	}
	return matching
}

// An outcome is what one run of the program left.
type outcome struct {
	out, err string
	status   int
}

// graph runs the program with an environment of these variables only.
func graph(t *testing.T, env []string, stdin string, args ...string) outcome {
	t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Env = append([]string{"PATH=" + desktop, "HOME=" + t.TempDir()}, env...)
	cmd.Stdin = strings.NewReader(stdin)
	var out, errout bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errout
	err := cmd.Run()
	if err != nil {
		require.ErrorAs(t, err, new(*exec.ExitError))
	}
	o := outcome{out.String(), errout.String(), cmd.ProcessState.ExitCode()}
	assert.NotContains(t, o.out+o.err, "eyJ", "the beginning of an encoded token")
	return o
}

func (o outcome) json(t *testing.T) (fields map[string]any) {
	t.Helper()
	require.Zero(t, o.status, o.err)
	require.NoError(t, json.Unmarshal([]byte(o.out), &fields), o.out)
	return fields
}

// In the middle of a call the API asks for more, and gets it.
func TestGetThroughAChallenge(t *testing.T) {
	e := startEntra(t)
	const nbf = `{\"access_token\":{\"nbf\":{\"essential\":true,\"value\":\"1604106651\"}}}`
	e.set("fail", `{"endpoint":"api","times":1,"challenge":"`+nbf+`"}`)
	o := graph(t, e.env, "", "-v", "get", "/me")
	assert.Equal(t, e.ready["username"], o.json(t)["userPrincipalName"])
	for _, line := range []string{"asked for a sign-in", "refused the token", "took the refused token out of use", "sent GET again: status 200"} {
		assert.Regexp(t, `(?m)^\d\d:\d\d:\d\d\.\d{3} .*`+line, o.err)
	}
	assert.Len(t, e.log("authorize"), 1, "one sign-in")
	assert.Len(t, e.log("api"), 2)
}

func TestPost(t *testing.T) {
	e := startEntra(t)
	mail := `{"message":{"subject":"Grüße & more","toRecipients":[{"emailAddress":{"address":"grace@contoso.test"}}]}}`
	file := filepath.Join(t.TempDir(), "body.json")
	require.NoError(t, os.WriteFile(file, []byte(mail), 0o600))
	for _, c := range []struct{ arg, stdin string }{{"@" + file, ""}, {"@-", mail}, {mail, ""}} {
		o := graph(t, e.env, c.stdin, "post", "/me/sendMail", c.arg)
		require.Zero(t, o.status, o.err)
		assert.Empty(t, o.out)
		assert.Empty(t, o.err, "nothing to say")
		log := e.log("api")
		assert.EqualValues(t, len(mail), log[len(log)-1]["body_length"])
	}
	o := graph(t, e.env, "", "post", "/me/sendMail", "@"+file+".gone")
	assert.Equal(t, 1, o.status)
	assert.Contains(t, o.err, "no such file")
}

func TestDeviceCode(t *testing.T) {
	e := startEntra(t)
	e.set("device-codes", `{"interval":"1s"}`)
	cmd := exec.Command(program, "get", "-device-code", "/me")
	cmd.Env = e.env
	var out bytes.Buffer
	cmd.Stdout = &out
	stderr, err := cmd.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	line, err := bufio.NewReader(stderr).ReadString('\n')
	require.NoError(t, err)
	m := regexp.MustCompile(`page (\S+) and enter the code (\S+) to`).FindStringSubmatch(line)
	require.NotNil(t, m, line)
	e.set("enter-code", fmt.Sprintf(`{"url":%q,"code":%q}`, m[1], m[2]))
	require.NoError(t, cmd.Wait())
	assert.Contains(t, out.String(), e.ready["username"])
}

// What a script can tell apart.
func TestRefusals(t *testing.T) {
	e := startEntra(t)
	for _, c := range []struct {
		args   []string
		env    []string
		status int
		says   string
	}{
		{[]string{"-no-prompt", "get", "/me"}, e.env, 1, "a person must sign in: nobody has signed in yet"},
		{[]string{"-no-prompt", "get", "/me"}, e.env, 1, "Run: graph login\n"},
		{[]string{"get", "/nothing/here"}, e.env, 1, "answered 400 Bad Request"},
		{[]string{"-account", "eve", "get", "/me"}, e.env, 1, "eve is not signed in; run: graph login"},
		{[]string{"get", "/me"}, append(e.env, "DISPLAY="), 1, "no browser can be opened here"},
		{[]string{"get", "/me"}, append(e.env, "DISPLAY="), 1, "Run: graph login -device-code\n"},
		{[]string{"get", "/me"}, append(e.env, "MSALCAE_CA_FILE="), 1, "certificate"},
		{[]string{"get", "/me"}, append(e.env, "MSALCAE_CA_FILE=/nothing"), 1, "MSALCAE_CA_FILE cannot be read"},
		{[]string{"get", "/me"}, append(e.env, "MSALCAE_CLIENT_ID="), 1, "MSALCAE_CLIENT_ID is not set"},
		{[]string{"get", "/me"}, append(e.env, "MSALCAE_GRAPH=graph.contoso.test"), 1, "MSALCAE_GRAPH is not an address"},
		{[]string{"get", "/me"}, append(e.env, "MSALCAE_AUTHORITY=http://login.contoso.test"), 1, "does not begin with https://"},
		{[]string{}, nil, 2, "there is no command; graph -h"},
		{[]string{"gte", "/me"}, nil, 2, `no command "gte"`},
		{[]string{"get"}, nil, 2, "usage: graph get path"},
		{[]string{"get", "/me", "-x"}, nil, 2, "not defined: -x"},
		{[]string{"login", "-no-prompt"}, nil, 2, "login asks somebody"},
		{[]string{"-account", "ada", "login"}, nil, 2, "learns who it is"},
	} {
		o := graph(t, c.env, "", c.args...)
		assert.Equal(t, c.status, o.status, "%v: %s", c.args, o.err)
		assert.Contains(t, o.err, c.says)
	}
	assert.NotContains(t, graph(t, e.env, "", "logout").err, "Run:")
}

// With nothing set it tries everything out by itself, and says where.
func TestLocal(t *testing.T) {
	for _, args := range [][]string{{"get", "/me"}, {"get", "/me", "-device-code"}} {
		o := graph(t, nil, "", args...)
		assert.Equal(t, "ada@contoso.test", o.json(t)["userPrincipalName"])
		assert.Contains(t, o.err, "MSALCAE_CLIENT_ID is not set: using a local Entra ID")
	}
	o := graph(t, nil, "", "login")
	assert.Equal(t, "Signed in as ada@contoso.test.\n", o.out)
	o = graph(t, nil, "", "accounts")
	assert.Zero(t, o.status)
	assert.Empty(t, o.out)
}
