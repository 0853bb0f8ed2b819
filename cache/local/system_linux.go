package local

const systemAdvice = "start a session with a D-Bus Secret Service that is unlocked, such as gnome-keyring"

// system returns the key stores that are there, the best first.
func system(*files) []KeyStore {
	var stores []KeyStore
	if sessionBus() {
		stores = append(stores, secretService)
	}
	return append(stores, kernelKeyring{})
}

func missing() []string { return absentSecretService() }
