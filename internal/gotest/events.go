package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// An event is a line of go test -json (go doc test2json).
type event struct {
	Action, Package, Test, Output string
}

// A reader turns the events back into what go test prints without -v, and
// notes what was skipped.
type reader struct {
	out     io.Writer
	skipped []string // "TestName in package: reason"

	pending map[string]*strings.Builder // output by package and top-level test that has not ended
	reasons map[string]string           // last line that a test printed
}

func (r *reader) read(events io.Reader) error {
	r.pending, r.reasons = map[string]*strings.Builder{}, map[string]string{}
	lines := bufio.NewReader(events)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			var e event
			if json.Unmarshal(line, &e) != nil { // go test itself complains in plain text
				fmt.Fprintf(r.out, "%s", line)
			} else {
				r.event(e)
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (r *reader) event(e event) {
	top, _, _ := strings.Cut(e.Test, "/")
	test, group := e.Package+" "+e.Test, e.Package+" "+top
	switch e.Action {
	case "output", "build-output":
		switch {
		case e.Test != "":
			r.printed(group, test, e.Output)
		case e.Output != "PASS\n":
			if strings.HasPrefix(e.Output, "FAIL") {
				r.unended(e.Package)
			}
			fmt.Fprint(r.out, e.Output)
		}
	case "skip":
		if e.Test != "" {
			r.skipped = append(r.skipped, fmt.Sprintf("%s in %s: %s", e.Test, e.Package, r.reasons[test]))
		}
		r.ended(e, group, false)
	case "pass":
		r.ended(e, group, false)
	case "fail":
		r.ended(e, group, true)
	}
}

// printed keeps a test's output until it is known whether the test fails.
func (r *reader) printed(group, test, text string) {
	trimmed := strings.TrimSpace(text)
	for _, progress := range []string{"=== ", "--- PASS", "--- SKIP"} {
		if strings.HasPrefix(trimmed, progress) {
			return
		}
	}
	r.reasons[test] = trimmed
	if r.pending[group] == nil {
		r.pending[group] = new(strings.Builder)
	}
	r.pending[group].WriteString(text)
}

// unended prints the output of the tests of a failed package that never ended:
// they are where it hung or crashed.
func (r *reader) unended(pkg string) {
	for group, text := range r.pending {
		if strings.HasPrefix(group, pkg+" ") {
			fmt.Fprint(r.out, text)
			delete(r.pending, group)
		}
	}
}

// ended prints the output of a top-level test that failed, and forgets that of
// one that did not.
func (r *reader) ended(e event, group string, failed bool) {
	if e.Test == "" || strings.Contains(e.Test, "/") || r.pending[group] == nil {
		return
	}
	if failed {
		fmt.Fprint(r.out, r.pending[group])
	}
	delete(r.pending, group)
}
