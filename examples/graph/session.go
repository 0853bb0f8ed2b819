package main

import (
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/msalcae/msalcae"
	"github.com/msalcae/msalcae/tokensource"
)

// A session is one run of the program.
type session struct {
	people *tokensource.Public
	base   http.RoundTripper
	graph  string // base URL
	scopes []string
	who    string // user name; "": whoever uses the program
	trace  *msalcae.Trace

	in          io.Reader
	out, errout io.Writer
	close       func()
}

// open connects to the Entra that the environment names, or to a local one.
func open(f flags, errout io.Writer) (*session, error) {
	e, err := environment()
	if err != nil {
		return nil, err
	}
	if e == nil {
		e = local(errout)
	}
	s := &session{base: e.transport, graph: e.graph, who: f.account, scopes: strings.Fields(f.scopes), close: e.close}
	if len(s.scopes) == 0 {
		s.scopes = []string{e.scope}
	}
	if f.verbose {
		s.trace = traceTo(errout)
	}
	var prompt tokensource.Prompt = &tokensource.Browser{Open: e.openPage}
	switch {
	case f.noPrompt:
		prompt = nil
	case f.deviceCode:
		prompt = &tokensource.DeviceCode{Out: e.watch(errout)}
	}
	s.people, err = tokensource.NewPublic(tokensource.PublicConfig{
		Authority:  e.authority,
		ClientID:   e.clientID,
		Prompt:     prompt,
		HTTPClient: &http.Client{Transport: e.transport},
		Cache:      e.cache(errout),
	})
	if err != nil {
		e.close()
		return nil, fmt.Errorf("the environment is not usable: %w", err)
	}
	return s, nil
}
