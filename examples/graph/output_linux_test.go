package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A picture does not get onto the screen, nor does what would steer it; into a
// file goes everything.
func TestScreen(t *testing.T) {
	e := startEntra(t)
	for name, c := range map[string]struct {
		body   string
		refuse bool
	}{
		"text":    {"Grüße\tund\r\nmehr", false},
		"picture": {"\x00\x01\x02 JFIF", true},
		"escape":  {"\x1b]0;title\a", true},
		"long":    {strings.Repeat("é", 1000), false},
	} {
		t.Run(name, func(t *testing.T) {
			run := func(to func(*exec.Cmd) func() string) (out, errout string, status int) {
				e.fail(c.body)
				cmd := exec.Command(program, "get", "/me/photo/$value")
				cmd.Env = append([]string{"PATH=" + desktop}, e.env...)
				var said written
				cmd.Stderr = &said
				printed := to(cmd)
				_ = cmd.Run()
				return printed(), said.String(), cmd.ProcessState.ExitCode()
			}
			out, errout, status := run(func(cmd *exec.Cmd) func() string {
				var out written
				cmd.Stdout = &out
				return out.String
			})
			assert.Equal(t, c.body, out)
			assert.Zero(t, status, errout)

			out, errout, status = run(func(cmd *exec.Cmd) func() string { return screen(t, cmd) })
			if c.refuse {
				assert.Empty(t, out)
				assert.Equal(t, 1, status)
				assert.Contains(t, errout, "not for a screen")
				return
			}
			assert.Equal(t, c.body, out)
			assert.Zero(t, status, errout)
		})
	}
	assert.False(t, isText([]byte("\xff\xd8\xff\xe0 JFIF")))
	assert.True(t, isText([]byte("e\xcc")), "it goes on")
	assert.False(t, isScreen(io.Discard))
	nowhere, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	require.NoError(t, err)
	defer nowhere.Close()
	assert.False(t, isScreen(nowhere))
}

// fail has the API answer with a body.
func (e *elsewhere) fail(body string) {
	e.t.Helper()
	quoted, err := json.Marshal(body)
	require.NoError(e.t, err)
	e.set("fail", `{"endpoint":"api","times":1,"status":200,"header":{"Content-Type":["image/jpeg"]},"body":`+string(quoted)+`}`)
}

// screen gives cmd a terminal to print on.
func screen(t *testing.T, cmd *exec.Cmd) func() string {
	t.Helper()
	ptmx, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	require.NoError(t, err)
	control := func(request uintptr, n *uint32) {
		_, _, errno := syscall.Syscall(syscall.SYS_IOCTL, ptmx.Fd(), request, uintptr(unsafe.Pointer(n)))
		require.Zero(t, errno)
	}
	var unlock, number uint32
	control(syscall.TIOCSPTLCK, &unlock)
	control(syscall.TIOCGPTN, &number)
	tty, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	require.NoError(t, err)
	cmd.Stdout = tty
	shown := make(chan string)
	go func() {
		all, _ := io.ReadAll(ptmx) // ends with an error when nobody has the terminal
		shown <- string(all)
	}()
	return func() string {
		tty.Close()
		defer ptmx.Close()
		return strings.ReplaceAll(<-shown, "\r\n", "\n")
	}
}
