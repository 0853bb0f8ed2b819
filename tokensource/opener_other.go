//go:build !unix

package tokensource

import "os/exec"

func detach(*exec.Cmd) {}
