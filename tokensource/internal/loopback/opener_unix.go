//go:build unix

package loopback

import (
	"os/exec"
	"syscall"
)

// detach lets the browser live on when the program is interrupted from its
// terminal.
func detach(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} }
