package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The demo is run as a user runs it, as a process: this test program, which
// takes the part of the demo when asProgram is set in its environment. So it
// runs under the race detector too, where the test does.
const asProgram = "DEMO_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// command is the demo with arguments.
func command(args ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), asProgram+"=1")
	return cmd
}

func TestDemo(t *testing.T) {
	for _, n := range []int{1, 20, 150} {
		t.Run(fmt.Sprintf("n=%d", n), func(t *testing.T) {
			t.Parallel()
			got := reports(t, start(t, "-json", "-n", fmt.Sprint(n), "-seed", "7"))
			require.Len(t, got, 6)
			assert.Equal(t, report{Scenario: "a", Status: 200, Challenges: 1, TokenRequests: 1, Replays: 1, APICalls: 2}, got[0])
			assert.Equal(t, report{Scenario: "b", Status: 200, Challenges: 1, TokenRequests: 2, Prompts: 1, Replays: 1, APICalls: 2}, got[1],
				"one refused refresh, one prompt, one redemption")
			assert.Equal(t, report{Scenario: "c", Status: 201, Challenges: 1, TokenRequests: 1, Replays: 1, APICalls: 2}, got[2])

			d := got[3]
			assert.Equal(t, 1, d.TokenRequests, "token requests for one revocation, whatever n is")
			assert.True(t, 1 <= d.Challenges && d.Challenges <= n, "%d challenges", d.Challenges)
			assert.Equal(t, report{Scenario: "d", Status: 200, Challenges: d.Challenges, TokenRequests: 1,
				Replays: d.Challenges, APICalls: n + d.Challenges}, d)

			assert.Equal(t, report{Scenario: "e", Status: 200, Challenges: 1, TokenRequests: 2, Prompts: 1, Replays: 1, APICalls: 3}, got[4],
				"two calls, one prompt")

			f := got[5]
			assert.Contains(t, f.Error, "AADSTS50173")
			assert.Contains(t, f.Error, "a person must sign in")
			assert.Equal(t, report{Scenario: "f", Status: 401, Challenges: 1, TokenRequests: 1, APICalls: 1, Error: f.Error}, f)
		})
	}
}

// The story shows what happened and holds no token.
func TestDemoStory(t *testing.T) {
	story := start(t, "-n", "5")
	for _, said := range []string{
		`{"access_token":`, `"acrs"`, "401, wants other claims", "invalid_grant, AADSTS50173", "a person signs in",
		"signs in the next morning", "sign in with this error's Claims", "1 challenge, 2 token requests, 1 prompt, 1 replay, 2 API calls",
	} {
		assert.Contains(t, story, said)
	}
	assert.NotContains(t, story, "eyJ", "the beginning of an encoded token")
}

func TestDemoRefusesNonsense(t *testing.T) {
	out, err := command("-n", "0").CombinedOutput()
	assert.Error(t, err)
	assert.Contains(t, string(out), "-n must be at least 1")
}

// start runs the demo and returns what it printed.
func start(t *testing.T, args ...string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd := command(args...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	require.NoError(t, cmd.Run(), "%s%s", &stdout, &stderr)
	assert.Empty(t, stderr.String())
	return stdout.String()
}

func reports(t *testing.T, lines string) (all []report) {
	t.Helper()
	for dec := json.NewDecoder(bytes.NewBufferString(lines)); dec.More(); {
		var r report
		require.NoError(t, dec.Decode(&r))
		all = append(all, r)
	}
	return all
}
