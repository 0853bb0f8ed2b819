package admin

import "github.com/msalcae/msalcae/entratest"

// An action is what a body asks for. Its result, if not nil, is the answer.
type action func(*entratest.Server) (any, error)

// A toggle is one switch of the server.
type toggle struct {
	name, does string
	takes      map[string]string // the members of a body, and what they hold
	// read returns what a body does.
	read func(body []byte) (action, error)
}

// on makes a switch whose body is a B. Check, if not nil, tells what is wrong
// with a body before anything is done.
func on[B any](name, does string, apply func(*entratest.Server, B) (any, error), check ...func(B) error) toggle {
	return toggle{name, does, members[B](), func(body []byte) (action, error) {
		var b B
		if err := decode(body, &b); err != nil {
			return nil, err
		}
		for _, check := range check {
			if err := check(b); err != nil {
				return nil, err
			}
		}
		return func(s *entratest.Server) (any, error) { return apply(s, b) }, nil
	}}
}

// set is on for what cannot fail.
func set[B any](name, does string, apply func(*entratest.Server, B), check ...func(B) error) toggle {
	return on(name, does, func(s *entratest.Server, b B) (any, error) { apply(s, b); return nil, nil }, check...)
}

// about makes a switch that is about a user or an application.
func about(name, does string, apply func(*entratest.Server, string)) toggle {
	return set(name, does, func(s *entratest.Server, b subject) { apply(s, b.name()) }, subject.check)
}

func flag(name, does string, apply func(*entratest.Server, bool)) toggle {
	return set(name, does, func(s *entratest.Server, b onOff) { apply(s, b.On) })
}

func switchNamed(name string) (toggle, bool) {
	for _, s := range switches() {
		if s.name == name {
			return s, true
		}
	}
	return toggle{}, false
}
