//go:build unix && !linux && !darwin

package local

const systemAdvice = "set Options.KeyStore, or build with cgo and start a session with a D-Bus Secret Service"

// system returns the key stores that are there.
func system(*files) []KeyStore {
	if sessionBus() {
		return []KeyStore{secretService}
	}
	return nil
}

func missing() []string { return absentSecretService() }
