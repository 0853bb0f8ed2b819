// Command mutants checks that tests protect what they should: it changes a
// package in one place at a time, as a table says, and runs its tests against
// each change. One of them must fail every time. The package itself is left
// alone; the compiler is given the changed file in place of the one on disk.
//
//	go run ./internal/mutants [-run name] [-fit] package-folder table
//
// The table has one mutant after the other: a line "# name", a line "in file.go",
// the lines to be replaced, each after "-", and those that replace them, each
// after "+". The text must occur exactly once, so that a table that no longer fits
// the code fails; with -fit nothing else is tried.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
)

var (
	only = flag.String("run", "", "try only the mutants whose names match")
	fit  = flag.Bool("fit", false, "run no tests, and see only whether the mutants fit the code")
)

func main() {
	flag.Parse()
	if flag.NArg() != 2 {
		fmt.Fprintln(os.Stderr, "usage: mutants [-run name] [-fit] package-folder table")
		os.Exit(2)
	}
	if err := try(flag.Arg(0), flag.Arg(1)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func try(folder, path string) error {
	folder, err := filepath.Abs(folder)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	mutants, err := parse(string(text))
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	wanted := regexp.MustCompile(*only)
	mutants = slices.DeleteFunc(mutants, func(m mutant) bool { return !wanted.MatchString(m.name) })
	if err := misfits(folder, mutants); err != nil {
		return err
	}
	if *fit {
		fmt.Printf("%d mutants, each fits\n", len(mutants))
		return nil
	}
	work, err := os.MkdirTemp("", "mutants")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	b := bench{folder: folder, work: work}
	if out, err := b.test("none", nil); err != nil {
		return fmt.Errorf("the tests fail without any change:\n%s", out)
	}
	var mu sync.Mutex
	var bad []string
	turns := make(chan struct{}, max(2, runtime.NumCPU()))
	var running sync.WaitGroup
	for n, m := range mutants {
		running.Go(func() {
			turns <- struct{}{}
			defer func() { <-turns }()
			verdict := b.verdict(n, m)
			mu.Lock()
			defer mu.Unlock()
			fmt.Printf("%-10s %s\n", verdict, m.name)
			if verdict != "found" {
				bad = append(bad, verdict+": "+m.name)
			}
		})
	}
	running.Wait()
	if len(bad) > 0 {
		return fmt.Errorf("%d of %d mutants were not found:\n%s", len(bad), len(mutants), strings.Join(bad, "\n"))
	}
	fmt.Printf("%d mutants, each found\n", len(mutants))
	return nil
}

// A bench builds and runs the tests of one package.
type bench struct{ folder, work string }

// verdict is "found" if a test fails because of m.
func (b *bench) verdict(n int, m mutant) string {
	text, err := m.apply(b.folder)
	if err != nil {
		return "misfit"
	}
	file, changed := filepath.Join(b.folder, m.file), filepath.Join(b.work, fmt.Sprintf("%d.go", n))
	if err := os.WriteFile(changed, []byte(text), 0o600); err != nil {
		return "unwritable"
	}
	out, err := b.test(fmt.Sprint(n), map[string]string{file: changed})
	switch {
	case strings.Contains(out, unbuilt):
		fmt.Print(out)
		return "unbuilt"
	case err == nil:
		return "SURVIVED"
	}
	return "found"
}

const unbuilt = "does not build"

// test builds and runs the tests with the files that changed takes the place of.
func (b *bench) test(name string, changed map[string]string) (output string, err error) {
	overlay, err := json.Marshal(map[string]any{"Replace": changed})
	if err != nil {
		return "", err
	}
	config, binary := filepath.Join(b.work, name+".json"), filepath.Join(b.work, name+".test")
	if err := os.WriteFile(config, overlay, 0o600); err != nil {
		return "", err
	}
	defer os.Remove(binary)
	build := exec.Command("go", "test", "-c", "-vet=off", "-ldflags=-s -w", "-overlay", config, "-o", binary, ".")
	build.Dir = b.folder
	if out, err := build.CombinedOutput(); err != nil {
		return unbuilt + ":\n" + string(out), err
	}
	run := exec.Command(binary, "-test.short", "-test.failfast", "-test.timeout=60s")
	run.Dir = b.folder
	out, err := run.CombinedOutput()
	return string(out), err
}
