package main_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const docs = "../../../docs/entratest.md"

// snippet returns the page's first block of a language.
func snippet(t *testing.T, language string) string {
	t.Helper()
	page, err := os.ReadFile(docs)
	require.NoError(t, err)
	_, rest, found := strings.Cut(string(page), "\n```"+language+"\n")
	require.True(t, found, language)
	text, _, _ := strings.Cut(rest, "\n```\n")
	return text + "\n"
}

// The programs of the page do what it says, where what they are run by is there.
func TestSnippetsOfTheDocs(t *testing.T) {
	for _, c := range []struct {
		language, file string
		command        []string // beside the file; the first and more must be there
		more           []string
		says           []string
	}{
		{"sh", "snippet.sh", []string{"bash", "-euo", "pipefail"}, []string{"curl", "sed", "base64"},
			[]string{"200", "401", `error="insufficient_claims"`, "healed: 200"}},
		{"js", "snippet.mjs", []string{"node"}, nil,
			[]string{"signed in: 200", `challenged: 401 {"access_token":{"acrs":{"essential":true,"value":"c1"}}}`, "healed: 200"}},
		{"python", "snippet.py", []string{"python3"}, nil,
			[]string{"throttled: 429 retry after 1 s", "called: 200", "challenged: 401", "healed: 200"}},
		{"go", "orders_test.go", []string{"go", "test", "-v"}, nil, []string{"--- PASS: TestRevocation"}},
	} {
		t.Run(c.language, func(t *testing.T) {
			for _, needed := range append(c.more, c.command[0]) {
				if _, err := exec.LookPath(needed); err != nil {
					t.Skipf("the docs' %s snippet is left out: it needs %s", c.language, needed)
				}
			}
			text := snippet(t, c.language)
			dir := t.TempDir()
			file := filepath.Join(dir, c.file)
			require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
			cmd := exec.Command(c.command[0], append(c.command[1:], file)...)
			cmd.Dir = dir
			if c.language == "go" {
				cmd.Dir = "." // in the module
			}
			cmd.Env = append(os.Environ(), "PATH="+filepath.Dir(program)+string(os.PathListSeparator)+os.Getenv("PATH"))
			out, err := cmd.CombinedOutput()
			require.NoError(t, err, "%s", out)
			at := 0
			for _, want := range c.says {
				i := strings.Index(string(out[at:]), want)
				require.NotEqual(t, -1, i, "%q is not in %s", want, out[at:])
				at += i + len(want)
			}
		})
	}
}

// The page's table is the list that the program gives.
func TestSwitchesOfTheDocs(t *testing.T) {
	p := begin(t)
	resp, err := http.Get(p.ready["admin"])
	require.NoError(t, err)
	_, body := read(t, resp)
	var list struct {
		Endpoints []struct {
			Path, Does string
			Takes      map[string]string
		}
	}
	require.NoError(t, json.Unmarshal([]byte(body), &list))
	page, err := os.ReadFile(docs)
	require.NoError(t, err)
	var table strings.Builder
	for _, e := range list.Endpoints {
		name, isPost := strings.CutPrefix(e.Path, "POST /admin/")
		if !isPost || name == "config" || name == "reset" {
			assert.True(t, strings.Contains(string(page), "| `"+e.Path+"` |"), "docs/entratest.md has no row for %s", e.Path)
			continue
		}
		var takes []string
		for _, member := range slices.Sorted(maps.Keys(e.Takes)) {
			takes = append(takes, "`"+member+"`")
		}
		fmt.Fprintf(&table, "| `%s` | %s | %s |\n", name, strings.Join(takes, ", "), e.Does)
	}
	assert.True(t, strings.Contains(string(page), table.String()), "docs/entratest.md does not have the table:\n%s", table.String())
}
