package clienttest

import (
	"encoding/json"
	"os"
	"path"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The page that lists the clients tells the versions that the tests run with.
func TestVersionsOfTheClientsPage(t *testing.T) {
	page, err := os.ReadFile("../../docs/clients.md")
	require.NoError(t, err)
	mod, err := os.ReadFile("go.mod")
	require.NoError(t, err)
	version := map[string]string{}
	for line := range strings.Lines(string(mod)) {
		if words := strings.Fields(line); len(words) > 1 && strings.HasPrefix(words[1], "v") {
			version[path.Base(words[0])] = words[1]
		}
	}
	for _, file := range []string{"../nodetest/node/package.json", "../browsertest/page/package.json"} {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		var module struct{ Dependencies map[string]string }
		require.NoError(t, json.Unmarshal(text, &module))
		for name, v := range module.Dependencies {
			version[name] = v
		}
	}
	for row, want := range map[string]string{
		"azidentity + azcore":                 version["azidentity"] + " + " + version["azcore"],
		"msgraph-sdk-go-core + kiota-http-go": version["msgraph-sdk-go-core"] + " + " + version["kiota-http-go"],
		"@azure/msal-node":                    version["@azure/msal-node"],
		"@azure/msal-browser in Chromium":     version["@azure/msal-browser"],
	} {
		require.NotEmpty(t, strings.Trim(want, " +"), row)
		assert.True(t, strings.Contains(string(page), "| "+row+" | "+want+" |"), "%s is %s now", row, want)
	}
}
