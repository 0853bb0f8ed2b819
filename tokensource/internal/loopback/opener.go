package loopback

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
)

// OpenBrowser shows url in the person's own browser. It returns when the
// command for it ends, which may be when the browser is closed. If that fails
// it tries the next command, unless it is done: the page was opened, or nobody
// waits for it any more.
func OpenBrowser(url string, done func() bool) error {
	why := "there is no screen, or no command to open one with"
	for _, command := range openers(runtime.GOOS, os.Getenv) {
		path, err := exec.LookPath(command[0])
		if err != nil {
			continue
		}
		cmd := exec.Command(path, append(command[1:], url)...)
		detach(cmd)
		// Without files of its own it has the null device: what a browser
		// prints is not for the program's terminal.
		err = cmd.Run()
		if err == nil || done() {
			return nil
		}
		why = fmt.Sprintf("%s failed: %v", command[0], err)
	}
	return errors.New(why)
}

// openers returns the commands that may show a URL, best first; none where
// there is no screen to show it on.
func openers(goos string, getenv func(string) string) [][]string {
	switch goos {
	case "windows":
		return [][]string{{"rundll32", "url.dll,FileProtocolHandler"}}
	case "darwin":
		return [][]string{{"open"}}
	}
	if getenv("DISPLAY") == "" && getenv("WAYLAND_DISPLAY") == "" && getenv("BROWSER") == "" && getenv("WSL_DISTRO_NAME") == "" {
		return nil
	}
	return [][]string{{"xdg-open"}, {"x-www-browser"}, {"www-browser"}, {"wslview"}}
}
