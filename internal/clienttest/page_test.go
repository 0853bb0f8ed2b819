package clienttest

import (
	"encoding/json"
	"os"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The page that lists the clients tells the versions that the tests run with.
func TestVersionsOfTheClientsPage(t *testing.T) {
	page, err := os.ReadFile("../../docs/clients.md")
	require.NoError(t, err)
	build, ok := debug.ReadBuildInfo()
	require.True(t, ok)
	version := map[string]string{}
	for _, m := range build.Deps {
		version[m.Path[strings.LastIndex(m.Path, "/")+1:]] = m.Version
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
		assert.Contains(t, string(page), "| "+row+" | "+want+" |")
	}
}
