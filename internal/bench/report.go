package main

import (
	"fmt"
	"io"
)

// A report writes the rows of one Markdown table.
type report struct{ w io.Writer }

func newReport(w io.Writer) *report { return &report{w} }

func (r *report) head() {
	fmt.Fprintln(r.w, "| | one takes | quartiles | B | allocs | x floor | x oauth2 |")
	fmt.Fprintln(r.w, "|---|---|---|---|---|---|---|")
}

// part begins the rows of one part.
func (r *report) part(title string) { fmt.Fprintf(r.w, "| **%s** | | | | | | |\n", title) }

// results writes a row for each result, with its ratios to those named floor
// and oauth2, "" if there is none. What all of them spent on the stub that takes
// the place of the network is taken away first.
func (r *report) results(results []result, stub, floor, oauth2 string) {
	named := map[string]result{}
	for _, res := range results {
		named[res.name] = res
	}
	idle := named[stub]
	for _, res := range results {
		if res.name == stub {
			continue
		}
		res = res.less(idle)
		ratio := func(to string) string {
			base, there := named[to]
			if !there {
				return ""
			}
			return fmt.Sprintf("%.2f", res.over(base.less(idle)))
		}
		fmt.Fprintf(r.w, "| %s | %s | %s-%s | %.0f | %.0f | %s | %s |\n", res.name, took(quartile(res.turns, 2)),
			took(quartile(res.turns, 1)), took(quartile(res.turns, 3)), res.bytes, res.allocs, ratio(floor), ratio(oauth2))
	}
}

// row writes what is no time of one operation.
func (r *report) row(name, says string) { fmt.Fprintf(r.w, "| %s | %s | | | | | |\n", name, says) }

// took writes a time in Ns with three figures.
func took(ns float64) string {
	switch {
	case ns < 1e4:
		return fmt.Sprintf("%.0f ns", ns)
	case ns < 1e6:
		return fmt.Sprintf("%.1f us", ns/1e3)
	}
	return fmt.Sprintf("%.1f ms", ns/1e6)
}
