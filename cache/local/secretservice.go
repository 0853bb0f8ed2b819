//go:build unix && !darwin

package local

import (
	"os"
	"path/filepath"
)

var secretService = osKeyring{"the Secret Service"}

// sessionBus reports whether there is a session bus. Without one, the library
// would start a bus and a keyring daemon that outlive the program.
func sessionBus() bool {
	if os.Getenv("DBUS_SESSION_BUS_ADDRESS") != "" {
		return true
	}
	run := os.Getenv("XDG_RUNTIME_DIR")
	if run == "" {
		return false
	}
	info, err := os.Stat(filepath.Join(run, "bus"))
	return err == nil && info.Mode().Type() == os.ModeSocket
}

func absentSecretService() []string {
	if sessionBus() {
		return nil
	}
	return []string{secretService.Name() + ": there is no session bus"}
}
