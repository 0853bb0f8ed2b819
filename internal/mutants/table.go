package main

import (
	"fmt"
	"strings"
)

// A table says what is built, and how it is changed.
type table struct {
	files   map[string]bool
	stubs   string
	mutants []mutant
}

// A mutant is one change to one file.
type mutant struct{ name, file, old, new string }

// parse reads a table.
func parse(text string) (t table, err error) {
	t.files = map[string]bool{}
	seen := map[string]bool{}
	for n, line := range strings.Split(text, "\n") {
		var m *mutant
		if len(t.mutants) > 0 {
			m = &t.mutants[len(t.mutants)-1]
		}
		name, named := strings.CutPrefix(line, "# ")
		switch {
		case line == "" || strings.HasPrefix(line, "//"):
		case named && seen[name]:
			return table{}, fmt.Errorf("line %d: a second %q", n+1, name)
		case named:
			seen[name] = true
			t.mutants = append(t.mutants, mutant{name: name})
		case m == nil && strings.HasPrefix(line, "copy "):
			for _, file := range strings.Fields(line)[1:] {
				t.files[file] = true
			}
		case m == nil && strings.HasPrefix(line, "stub "):
			t.stubs += line[len("stub "):] + "\n"
		case m == nil:
			return table{}, fmt.Errorf("line %d: no mutant has a name yet", n+1)
		case strings.HasPrefix(line, "in "):
			m.file = line[len("in "):]
		case line[0] == '-' && m.new == "":
			m.old += line[1:] + "\n"
		case line[0] == '+':
			m.new += line[1:] + "\n"
		default:
			return table{}, fmt.Errorf("line %d: neither a name, a file, nor a line before or after", n+1)
		}
	}
	for _, m := range t.mutants {
		if m.file == "" || m.old == "" || m.old == m.new {
			return table{}, fmt.Errorf("%q changes nothing", m.name)
		}
	}
	return t, nil
}
