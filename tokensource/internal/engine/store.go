package engine

import (
	"context"
	"errors"
	"time"
)

// A Store is where sources for one identity and one set of scopes share a
// Record: the files of a user's programs, the database of a fleet. Flights use
// it, before they ask Entra and after; a caller whom the token in use serves
// never comes near it, and no lock is held while it works.
//
// A Store applies news with Record.With, in one step that nothing comes
// between. All of its methods end soon after their contexts do. Whatever they
// fail with, the call that needed them goes on without.
type Store interface {
	// Tell adds n to the record, and returns it then. Empty news only read it.
	Tell(ctx context.Context, n News) (Record, error)
	// Lease is Tell, and gives the right to ask Entra, or a person, for what
	// is named name: nobody else has it until end was called or its holder has
	// died. It waits for it, wait at most, and then fails with ErrBusy.
	//
	// A record that serves the caller makes the lease needless: useful says so,
	// and end is nil then. It is asked before the wait, as often as the record
	// changes during it, and once the lease is there. With ErrBusy, r is the
	// record as it was read last.
	Lease(ctx context.Context, name string, wait time.Duration, n News, useful func(Record) bool) (r Record, end EndLease, err error)
}

// An EndLease adds n to the record and gives the lease up.
type EndLease func(ctx context.Context, n News) (Record, error)

// ErrBusy: somebody else has the lease, and kept it for longer than the caller
// would wait.
var ErrBusy = errors.New("msalcae: another process is asking Entra for this token")
