package msalcae_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Every module that we require lands in our users' go.mod, so the list is short
// and fixed: MSAL, what the engine shares flights with, and for tests testify.
const (
	xsyncPath   = "golang.org/x/sync"
	testifyPath = "github.com/stretchr/testify"
)

// A goMod is what go mod edit -json tells of a go.mod.
type goMod struct {
	Go        string
	Toolchain string
	Require   []requirement
	Replace   []struct{ Old struct{ Path string } }
}

type requirement struct {
	Path, Version string
	Indirect      bool
}

func TestHouseGoMod(t *testing.T) {
	var mod goMod
	require.NoError(t, json.Unmarshal(runGo(t, "mod", "edit", "-json"), &mod))
	used := modulesOf(goList(t, "-deps", "./..."))
	tested := modulesOf(goList(t, "-deps", "-test", "./..."))
	for _, complaint := range brokenGoMod(mod, used, tested) {
		t.Error(complaint)
	}
}

func TestHouseGoModCatches(t *testing.T) {
	good := func() goMod {
		return goMod{Go: "1.25.0", Require: []requirement{
			{Path: msalPath, Version: "v1.10.1"}, {Path: xsyncPath, Version: "v0.1.0"}, {Path: testifyPath, Version: "v1.0.0"},
			{Path: "github.com/google/uuid", Version: "v1.3.0", Indirect: true},
		}}
	}
	used, tested := []string{modulePath, msalPath, xsyncPath}, []string{modulePath, msalPath, xsyncPath, testifyPath}
	require.Empty(t, brokenGoMod(good(), used, tested))

	for complaint, spoil := range map[string]func(*goMod){
		"go directive":       func(m *goMod) { m.Go = "1.26" },
		"toolchain":          func(m *goMod) { m.Toolchain = "go1.26.8" },
		"requires directly":  func(m *goMod) { m.Require[3].Indirect = false },
		"requires directly ": func(m *goMod) { m.Require = m.Require[1:] },
		"v1.10.1":            func(m *goMod) { m.Require[0].Version = "v1.9.0" },
		"replaces github.com/google/uuid": func(m *goMod) {
			m.Replace = slices.Grow(m.Replace, 1)[:1]
			m.Replace[0].Old.Path = "github.com/google/uuid"
		},
	} {
		m := good()
		spoil(&m)
		got := brokenGoMod(m, used, tested)
		if assert.Len(t, got, 1, complaint) {
			assert.Contains(t, got[0]+" ", complaint)
		}
	}
	assert.NotEmpty(t, brokenGoMod(good(), []string{modulePath, msalPath}, tested), "x/sync is not used")
	assert.NotEmpty(t, brokenGoMod(good(), used, used), "testify is not used")
	assert.NotEmpty(t, brokenGoMod(good(), tested, tested), "testify is used outside tests")
}

// brokenGoMod gives a complaint for everything in mod that is not as it must
// be. The modules whose packages are in use are given, without tests and with.
func brokenGoMod(mod goMod, used, tested []string) (complaints []string) {
	complain := func(format string, args ...any) { complaints = append(complaints, fmt.Sprintf(format, args...)) }
	if mod.Go != "1.25.0" {
		complain("the go directive is %s; 1.25.0 keeps users of the last two releases of Go", mod.Go)
	}
	if mod.Toolchain != "" {
		complain("the toolchain directive %s makes users download one", mod.Toolchain)
	}
	for _, r := range mod.Replace {
		complain("go.mod replaces %s, which users of the module do not see", r.Old.Path)
	}
	var direct []string
	for _, r := range mod.Require {
		if !r.Indirect {
			direct = append(direct, r.Path)
		}
		if r.Path == msalPath && r.Version != "v1.10.1" {
			complain("MSAL is at %s; its measured behaviour, which we build on, is that of v1.10.1", r.Version)
		}
	}
	want := []string{msalPath, testifyPath, xsyncPath}
	slices.Sort(direct)
	if !slices.Equal(direct, want) {
		complain("go.mod requires directly %q, not %q", direct, want)
	}
	for _, path := range []string{msalPath, xsyncPath} {
		if !slices.Contains(used, path) {
			complain("%s is required but not used", path)
		}
	}
	if !slices.Contains(tested, testifyPath) || slices.Contains(used, testifyPath) {
		complain("testify is for tests, and for them alone")
	}
	return complaints
}

// modulesOf names the modules that pkgs belong to.
func modulesOf(pkgs []listed) (paths []string) {
	for _, p := range pkgs {
		if p.Module != nil && !slices.Contains(paths, p.Module.Path) {
			paths = append(paths, p.Module.Path)
		}
	}
	return paths
}
