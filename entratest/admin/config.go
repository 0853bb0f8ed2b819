package admin

import (
	"encoding/json"
	"fmt"

	"github.com/msalcae/msalcae/entratest"
)

// A Config says what a server is to have beside what it begins with. It is
// what the command's -config file holds, and POST /admin/config takes.
type Config struct {
	// Users are to be added.
	Users []entratest.User `json:"users,omitempty" takes:"users to add"`
	// Apps are to be added.
	Apps []entratest.App `json:"apps,omitempty" takes:"applications to add"`
	// Switches are thrown in their order. Each has one member, whose name is
	// the switch's and whose value is the body of POST /admin/name.
	Switches []map[string]json.RawMessage `json:"switches,omitempty" takes:"switches to throw, a list of objects with one member: the name of one, and its body"`
}

// ParseConfig reads a Config from JSON. A member that is not known, at any
// depth, is an error, and so is a switch's body that it would not take.
func ParseConfig(data []byte) (Config, error) {
	var c Config
	if err := decode(data, &c); err != nil {
		return Config{}, err
	}
	_, err := c.actions()
	return c, err
}

// actions returns what the switches do.
func (c Config) actions() (all []action, err error) {
	for i, one := range c.Switches {
		if len(one) != 1 {
			return nil, fmt.Errorf("switches[%d] has %d members and not one", i, len(one))
		}
		for name, body := range one {
			s, ok := switchNamed(name)
			if !ok {
				return nil, fmt.Errorf("switches[%d]: there is no switch %q", i, name)
			}
			do, err := s.read(body)
			if err != nil {
				return nil, fmt.Errorf("switches[%d]: %s: %w", i, name, err)
			}
			all = append(all, do)
		}
	}
	return all, nil
}

// Apply adds the users and applications and throws the switches. It returns
// those that it added, with the ids that were made for them. An error says
// what stands in the way, such as a username that is taken; what came before
// that has been done.
func (c Config) Apply(s *entratest.Server) (added Config, err error) {
	actions, err := c.actions()
	if err != nil {
		return Config{}, err
	}
	for _, u := range c.Users {
		if _, err := attempt(add(&added.Users, s.AddUser, u), s); err != nil {
			return added, err
		}
	}
	for _, a := range c.Apps {
		if _, err := attempt(add(&added.Apps, s.AddApp, a), s); err != nil {
			return added, err
		}
	}
	for _, do := range actions {
		if _, err := attempt(do, s); err != nil {
			return added, err
		}
	}
	return added, nil
}

// add makes an action of what adds one to a server, and puts it into the list.
func add[T any](to *[]T, one func(T) T, given T) action {
	return func(*entratest.Server) (any, error) {
		*to = append(*to, one(given))
		return nil, nil
	}
}
