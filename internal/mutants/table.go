package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// A mutant is one change to one file.
type mutant struct{ name, file, old, new string }

// parse reads a table.
func parse(text string) (all []mutant, err error) {
	seen := map[string]bool{}
	for n, line := range strings.Split(text, "\n") {
		var m *mutant
		if len(all) > 0 {
			m = &all[len(all)-1]
		}
		name, named := strings.CutPrefix(line, "# ")
		switch {
		case line == "" || strings.HasPrefix(line, "//"):
		case named && seen[name]:
			return nil, fmt.Errorf("line %d: a second %q", n+1, name)
		case named:
			seen[name] = true
			all = append(all, mutant{name: name})
		case m == nil:
			return nil, fmt.Errorf("line %d: no mutant has a name yet", n+1)
		case strings.HasPrefix(line, "in "):
			m.file = line[len("in "):]
		case line[0] == '-' && m.new == "":
			m.old += line[1:] + "\n"
		case line[0] == '+':
			m.new += line[1:] + "\n"
		default:
			return nil, fmt.Errorf("line %d: neither a name, a file, nor a line before or after", n+1)
		}
	}
	for _, m := range all {
		if m.file == "" || m.old == "" || m.old == m.new {
			return nil, fmt.Errorf("%q changes nothing", m.name)
		}
	}
	return all, nil
}

// apply returns the text of m's file with m's change.
func (m mutant) apply(folder string) (string, error) {
	text, err := os.ReadFile(filepath.Join(folder, m.file))
	if err != nil {
		return "", err
	}
	if n := strings.Count(string(text), m.old); n != 1 {
		return "", fmt.Errorf("what it replaces is in %s %d times", m.file, n)
	}
	return strings.Replace(string(text), m.old, m.new, 1), nil
}

// misfits names the mutants that do not fit the code; nil: there are none.
func misfits(folder string, mutants []mutant) error {
	var bad []error
	for _, m := range mutants {
		if _, err := m.apply(folder); err != nil {
			bad = append(bad, fmt.Errorf("misfit: %s: %w", m.name, err))
		}
	}
	return errors.Join(bad...)
}
