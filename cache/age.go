package cache

import (
	"slices"
	"sync"
	"time"
)

// An age tells an earlier record from a later one of the same name, so that it
// is noticed if somebody puts an earlier one back.
//
// Versions grow along a line: the records of which each took the place of the
// one before. A line begins with a record that took the place of none, and its
// name is that one's version: the time, in microseconds. Where a clock is
// behind, a new line may have an earlier name than the last one had.
type age struct{ line, version uint64 }

const (
	// maxBehind is how far the clock may be behind by which a line was begun:
	// seconds as a rule, hours where the time zone was mistaken.
	maxBehind = 24 * time.Hour
	// maxAges bounds the records whose age is remembered.
	maxAges = 4096
	// maxEnded bounds the ended lines of one record that are remembered.
	maxEnded = 8
)

// ages are how old the records are that a process has seen.
type ages struct {
	mu   sync.Mutex
	seen map[string]*history
}

// A history is what was seen of the records of one name.
type history struct {
	newest age      // of the line that was seen last
	ended  []uint64 // lines that have been followed by another, or by nothing
}

// witness notes the age of a record, and reports whether it is not older than
// what was seen before.
func (s *ages) witness(name string, a age) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.history(name)
	switch last := h.newest; {
	case slices.Contains(h.ended, a.line):
		return false
	case a.line == last.line && a.version < last.version:
		return false
	case a.line < last.line && last.line-a.line > uint64(maxBehind.Microseconds()):
		return false
	case a.line != last.line:
		h.end(last.line)
	}
	h.newest = a
	return true
}

// after returns the age of the record that is to take the place of one of age
// old, the zero age for none.
func (s *ages) after(name string, old age, now time.Time) age {
	s.mu.Lock()
	defer s.mu.Unlock()
	var newest uint64
	if h, ok := s.seen[name]; ok {
		newest = h.newest.version
	}
	a := age{old.line, max(old.version, newest, uint64(now.UnixMicro())) + 1}
	if a.line == 0 {
		a.line = a.version
	}
	return a
}

// lines are the lines that were seen last of these names, 0 if none was.
func (s *ages) lines(names []string) []uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	lines := make([]uint64, len(names))
	for i, name := range names {
		if h, ok := s.seen[name]; ok {
			lines[i] = h.newest.line
		}
	}
	return lines
}

// end is for a line of which this process has removed the last record.
func (s *ages) end(name string, line uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if h, ok := s.seen[name]; ok {
		h.end(line)
	}
}

// history returns what is known of a name. The caller holds s.mu.
func (s *ages) history(name string) *history {
	if h, ok := s.seen[name]; ok {
		return h
	}
	if s.seen == nil {
		s.seen = map[string]*history{}
	}
	for other := range s.seen {
		if len(s.seen) < maxAges {
			break
		}
		delete(s.seen, other)
	}
	h := &history{}
	s.seen[name] = h
	return h
}

func (h *history) end(line uint64) {
	if line == 0 || slices.Contains(h.ended, line) {
		return
	}
	h.ended = append(h.ended, line)
	h.ended = h.ended[max(0, len(h.ended)-maxEnded):]
}
