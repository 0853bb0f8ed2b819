package nodetest

import (
	"bufio"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/msalcae/msalcae/entratest"
	"github.com/stretchr/testify/require"
)

// A step is what a program asks the test for, or tells it. The fields in use
// say which.
type step struct {
	Open  string // a URL to open in a browser
	Enter string // a user code to enter
	At    string // where to enter it

	Called int    // the API's final answer to a call
	Claims string // of the challenge that the call met
	Posted []post // what was posted to Entra since the call before

	InteractionRequired string // MSAL's error code: a silent request has failed
	Suberror            string
	ErrorNo             int
	ErrorClaims         string
}

// conversation is what happened in a run of a program: its first call, the
// event, and its second call.
type conversation struct {
	first []post              // before the first call
	steps []step              // of the second call
	stats entratest.Stats     // of the second call
	log   []entratest.Request // of the second call
}

// last is the second call's end.
func (c *conversation) last() step { return c.steps[len(c.steps)-1] }

// tokenRequests returns those of the second call.
func (c *conversation) tokenRequests() []entratest.Request {
	var found []entratest.Request
	for _, r := range c.log {
		if r.Endpoint == entratest.TokenEndpoint {
			found = append(found, r)
		}
	}
	return found
}

// run runs a program in node against the server. The event takes place between
// its two calls of the API, both of which must succeed, the second after one
// challenge.
func run(t *testing.T, s *entratest.Server, program string, event func()) *conversation {
	t.Helper()
	if _, err := os.Stat("node/node_modules"); err != nil {
		t.Skip("needs the packages of msal-node: npm ci in internal/nodetest/node")
	}
	cmd := exec.CommandContext(t.Context(), "node", program)
	cmd.Dir = "node"
	cmd.Env = append(os.Environ(), "NODE_EXTRA_CA_CERTS="+authorityFile(t, s), "NODETEST_SETTINGS="+settings(t, s))
	cmd.WaitDelay = 5 * time.Second
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	var complaints strings.Builder
	cmd.Stderr = &complaints
	require.NoError(t, cmd.Start())

	var browsers sync.WaitGroup
	defer browsers.Wait()
	var (
		c      conversation
		before entratest.Stats
		seen   int
		calls  int
	)
	lines := bufio.NewScanner(io.LimitReader(out, 1<<20))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var asked step
		require.NoError(t, json.Unmarshal(lines.Bytes(), &asked), "%s", lines.Text())
		switch {
		case asked.Open != "":
			browsers.Go(func() { _ = s.SignIn(asked.Open) }) // what comes of it, the client tells
		case asked.Enter != "":
			require.NoError(t, s.EnterCode(asked.At, asked.Enter))
		case asked.Called != 0 && calls == 0:
			require.Equal(t, 200, asked.Called)
			calls++
			event()
			before, seen = s.Stats(), len(s.Log())
		case asked.Called != 0:
			require.Equal(t, 200, asked.Called)
			calls++
		}
		if calls > 0 {
			c.steps = append(c.steps, asked)
		}
		_, err := fmt.Fprintln(in, "true")
		require.NoError(t, err)
	}
	require.NoError(t, cmd.Wait(), "%s", complaints.String())
	require.Equal(t, 2, calls, "%s", complaints.String())
	c.first, c.steps = c.steps[0].Posted, c.steps[1:]
	c.stats, c.log = s.Stats().Sub(before), s.Log()[seen:]
	require.Equal(t, 1, c.stats.Challenges)
	require.Equal(t, 2, c.stats.APICalls)
	return &c
}

// userScope is one permission of the API.
func userScope(s *entratest.Server) string {
	return strings.TrimSuffix(s.Scope(), "/.default") + "/User.Read"
}

// settings is what the programs need to know of the server.
func settings(t *testing.T, s *entratest.Server) string {
	t.Helper()
	text, err := json.Marshal(map[string]string{
		"authority": s.Authority(), "api": s.API(), "scope": s.Scope(),
		"userScope": userScope(s),
		"clientID":  s.ClientID(), "clientSecret": s.ClientSecret(), "publicClientID": s.PublicClientID(),
	})
	require.NoError(t, err)
	return string(text)
}

// authorityFile writes the certificate that the programs have to trust.
func authorityFile(t *testing.T, s *entratest.Server) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "ca.pem")
	block := &pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}
	require.NoError(t, os.WriteFile(name, pem.EncodeToMemory(block), 0o600))
	return name
}
