//go:build unix

package main

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// An interrupt ends the program wherever it is: before the end of a body that
// does not come, or at a page that nobody looks at.
func TestInterrupt(t *testing.T) {
	e := startEntra(t)
	for waiting, args := range map[string][]string{
		"for a body": {"post", "/me/sendMail", "@-"},
		"for a code": {"login", "-device-code"},
	} {
		t.Run(waiting, func(t *testing.T) {
			cmd := exec.Command(program, args...)
			cmd.Env = e.env
			var errout written
			cmd.Stderr = &errout
			never, err := cmd.StdinPipe()
			require.NoError(t, err)
			defer never.Close()
			require.NoError(t, cmd.Start())
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				_ = cmd.Wait()
			}()
			if waiting == "for a body" {
				_, err = io.WriteString(never, strings.Repeat("x", 1<<20)) // more than a pipe holds: it reads
				require.NoError(t, err)
			} else {
				require.Eventually(t, func() bool { return strings.Contains(errout.String(), "enter the code") }, 10*time.Second, 10*time.Millisecond)
			}
			require.NoError(t, cmd.Process.Signal(os.Interrupt))
			select {
			case <-ended:
			case <-time.After(10 * time.Second):
				_ = cmd.Process.Kill()
				t.Fatal("it goes on")
			}
			assert.Equal(t, 130, cmd.ProcessState.ExitCode())
			assert.True(t, strings.HasSuffix(errout.String(), "graph: interrupted\n"), errout.String())
		})
	}
}

// A written is what a program has printed so far.
type written struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (w *written) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.Write(p)
}

func (w *written) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String()
}
