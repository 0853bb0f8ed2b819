package engine

import (
	"context"

	"github.com/msalcae/msalcae"
)

// A source is a Source and what it is allowed, as tokensource has it.
type source struct {
	Limits
	Source
}

// New returns a source that asks nobody to sign in.
func New(acquire Acquirer) *source { return newSource(Flow{Acquire: acquire}) }

func newSource(f Flow) *source {
	s := new(source)
	s.Init(f)
	return s
}

func (s *source) Token(ctx context.Context, req msalcae.TokenRequest) (*msalcae.Token, error) {
	return s.Source.Token(ctx, &req, s.Limits)
}

func (s *source) Refused(token, claims string) { s.Source.Refused(token, claims, s.Limits) }
