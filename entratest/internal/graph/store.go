package graph

import (
	"maps"
	"sync"

	"github.com/msalcae/msalcae/entratest/internal/shelf"
)

// A Store is what callers have left at the API. An empty one takes its place
// where all of it is to be forgotten; requests on their way keep theirs.
type Store struct {
	mu         sync.Mutex
	belongings map[string]*belongings // by the id of whose they are
	uploads    *shelf.Shelf[*uploadSession]
}

// NewStore returns an empty store.
func NewStore() *Store {
	return &Store{belongings: map[string]*belongings{}, uploads: shelf.New[*uploadSession](maxUploadSessions)}
}

// The belongings of a person or application.
type belongings struct {
	id       string                   // of whose they are
	profile  map[string]any           // properties set at the API
	messages []message                // its mailbox
	drive    *shelf.Shelf[*driveItem] // its files by id
}

// of returns what a person or application has, or will have, here.
func (s *Store) of(id string) *belongings {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.belongings[id]
	if b == nil {
		b = &belongings{id: id, profile: map[string]any{}, drive: shelf.New[*driveItem](maxItems)}
		s.belongings[id] = b
	}
	return b
}

// profileOf returns a person as Graph shows one. s.mu is held.
func (s *Store) profileOf(p Person) map[string]any {
	shown := map[string]any{
		"id":                p.ID,
		"displayName":       p.Name,
		"userPrincipalName": p.Username,
		"mail":              p.Username,
	}
	if b := s.belongings[p.ID]; b != nil {
		maps.Copy(shown, b.profile)
	}
	return shown
}
