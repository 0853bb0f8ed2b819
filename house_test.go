package msalcae_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The rules of the house, held by tests: which package may import which, what
// go.mod requires, that everything exported is documented (house_docs_test.go)
// and what must not be in the tree (house_tree_test.go). Every checker is shown
// to catch a bad sample.

const (
	modulePath = "github.com/msalcae/msalcae"
	msalPath   = "github.com/AzureAD/microsoft-authentication-library-for-go"
)

// An importRule says what a package and those below it may depend on, directly
// or not, besides the standard library.
type importRule struct {
	pkg    string   // below module; "" is the root alone
	ours   []string // packages of ours, below module; "." is the root
	others []string // prefixes of other modules' packages; "*" is any
}

// Imports run one way: tokensource, then the root, then wwwauth; entratest
// stands beside them, so that what it proves is not proved by our own code, and
// the API in it knows no tokens. The engine below tokensource knows neither MSAL
// nor any store; what keeps its records in a cache knows no flows.
var importRules = []importRule{
	{pkg: "wwwauth", ours: []string{"internal/clouds"}},
	{pkg: "", ours: []string{"wwwauth", "internal"}, others: []string{"golang.org/x/sync"}},
	{pkg: "entratest", ours: []string{"wwwauth", "internal"}},
	{pkg: "entratest/internal/graph", ours: []string{"entratest/internal/ids", "entratest/internal/reply", "entratest/internal/shelf"}},
	{pkg: "cache", ours: []string{"internal"}, others: []string{"*"}},
	{pkg: "tokensource/internal/engine", ours: []string{".", "wwwauth", "internal"}},
	{
		pkg: "tokensource/internal/persistent", ours: []string{".", "wwwauth", "cache", "internal", "tokensource/internal/engine"},
		others: []string{msalPath + "/apps/cache"},
	},
	{pkg: "tokensource", ours: []string{".", "wwwauth", "cache", "internal"}, others: []string{"*"}},
	{pkg: "internal", ours: []string{".", "wwwauth", "internal"}, others: []string{"golang.org/x/sync"}},
}

// A listed package is what go list tells about it.
type listed struct {
	ImportPath string
	Standard   bool
	Deps       []string
	Module     *struct{ Path string }
}

func TestHouseImportRules(t *testing.T) {
	pkgs := goList(t, "-deps", "./...")
	for _, complaint := range brokenImports(importRules, pkgs) {
		t.Error(complaint)
	}
	for _, rule := range importRules {
		assert.True(t, slices.ContainsFunc(pkgs, rule.applies), "no package is under the rule for %q", rule.pkg)
	}
}

func TestHouseImportRulesCatch(t *testing.T) {
	for _, c := range []struct{ pkg, dep, complaint string }{
		{modulePath, msalPath + "/apps/public", "the root must not depend on " + msalPath + "/apps/public"},
		{modulePath, modulePath + "/tokensource", "the root must not depend on " + modulePath + "/tokensource"},
		{modulePath + "/wwwauth", modulePath + "/internal/inflight", "wwwauth must not depend on"},
		{modulePath + "/wwwauth", "golang.org/x/sync/singleflight", "wwwauth must not depend on"},
		{modulePath + "/wwwauth", modulePath + "/internal/clouds", ""},
		{modulePath + "/entratest/cmd/entratest", modulePath, "entratest must not depend on " + modulePath},
		{modulePath + "/entratest", msalPath + "/apps/cache", "entratest must not depend on"},
		{modulePath + "/entratest/internal/graph", modulePath + "/entratest", "entratest/internal/graph must not depend on"},
		{modulePath + "/entratest/internal/graph", modulePath + "/entratest/internal/jose", "entratest/internal/graph must not depend on"},
		{modulePath + "/entratest/internal/graph", modulePath + "/entratest/internal/shelf", ""},
		{modulePath + "/cache", modulePath, "cache must not depend on"},
		{modulePath + "/tokensource", modulePath + "/entratest", "tokensource must not depend on"},
		{modulePath + "/tokensource", modulePath + "/cache", ""},
		{modulePath + "/tokensource/internal/engine", msalPath + "/apps/public", "tokensource/internal/engine must not depend on " + msalPath},
		{modulePath + "/tokensource/internal/engine", modulePath + "/cache", "tokensource/internal/engine must not depend on"},
		{modulePath + "/tokensource/internal/engine", modulePath + "/tokensource", "tokensource/internal/engine must not depend on"},
		{modulePath + "/tokensource/internal/engine", modulePath + "/tokensource/internal/entra", "tokensource/internal/engine must not depend on"},
		{modulePath + "/tokensource/internal/engine", "golang.org/x/sync/singleflight", "tokensource/internal/engine must not depend on"},
		{modulePath + "/tokensource/internal/persistent", msalPath + "/apps/public", "tokensource/internal/persistent must not depend on"},
		{modulePath + "/tokensource/internal/persistent", modulePath + "/tokensource/internal/entra", "tokensource/internal/persistent must not depend on"},
		{modulePath + "/tokensource/internal/persistent", modulePath + "/tokensource/internal/engine", ""},
		{modulePath + "/tokensource/internal/persistent", msalPath + "/apps/cache", ""},
		{modulePath, modulePath + "/wwwauth", ""},
		{modulePath + "/wwwauth", "encoding/json", ""},
	} {
		pkgs := []listed{
			{ImportPath: c.pkg, Deps: []string{c.dep}},
			{ImportPath: c.dep, Standard: !strings.Contains(c.dep, ".")},
		}
		got := brokenImports(importRules, pkgs)
		if c.complaint == "" {
			assert.Empty(t, got, "%s -> %s", c.pkg, c.dep)
		} else if assert.Len(t, got, 1, "%s -> %s", c.pkg, c.dep) {
			assert.Contains(t, got[0], c.complaint)
		}
	}
}

func (r importRule) applies(p listed) bool {
	if r.pkg == "" {
		return p.ImportPath == modulePath
	}
	return within(p.ImportPath, modulePath+"/"+r.pkg)
}

func (r importRule) allows(dep string) bool {
	if !within(dep, modulePath) {
		return slices.ContainsFunc(r.others, func(o string) bool { return o == "*" || within(dep, o) })
	}
	return slices.ContainsFunc(r.ours, func(o string) bool {
		if o == "." {
			return dep == modulePath
		}
		return within(dep, modulePath+"/"+o)
	}) || (r.pkg != "" && within(dep, modulePath+"/"+r.pkg))
}

// brokenImports gives a complaint for every dependency that no rule allows.
func brokenImports(rules []importRule, pkgs []listed) (complaints []string) {
	standard := map[string]bool{}
	for _, p := range pkgs {
		standard[p.ImportPath] = p.Standard
	}
	for _, p := range pkgs {
		for _, rule := range rules {
			if !rule.applies(p) {
				continue
			}
			name := rule.pkg
			if name == "" {
				name = "the root"
			}
			for _, dep := range p.Deps {
				if !standard[dep] && !rule.allows(dep) {
					complaints = append(complaints, fmt.Sprintf("%s must not depend on %s, but %s does", name, dep, p.ImportPath))
				}
			}
		}
	}
	return complaints
}

// within reports whether path is dir or below it.
func within(path, dir string) bool { return path == dir || strings.HasPrefix(path, dir+"/") }

// goList runs go list in the root of the module.
func goList(t *testing.T, args ...string) (pkgs []listed) {
	t.Helper()
	out := runGo(t, append([]string{"list", "-json=ImportPath,Standard,Deps,Module"}, args...)...)
	dec := json.NewDecoder(bytes.NewReader(out))
	for {
		var p listed
		err := dec.Decode(&p)
		if errors.Is(err, io.EOF) {
			return pkgs
		}
		require.NoError(t, err)
		pkgs = append(pkgs, p)
	}
}

// runGo runs the go command in the root of the module and returns what it
// printed.
func runGo(t *testing.T, args ...string) []byte {
	t.Helper()
	path, err := exec.LookPath("go")
	require.NoError(t, err, "this test asks the go command about the module; put go on the PATH")
	cmd := exec.Command(path, args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	require.NoError(t, err, "go %s: %s", strings.Join(args, " "), &stderr)
	return out
}
