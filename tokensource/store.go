package tokensource

import (
	"context"
	"errors"
	"time"
)

// A store is where sources for one identity and one set of scopes share a
// record: the files of a user's programs, the database of a fleet. Flights use
// it, before they ask Entra and after; a caller whom the token in use serves
// never comes near it, and no lock is held while it works.
//
// A store applies news with record.with, in one step that nothing comes
// between. All of its methods end soon after their contexts do. Whatever they
// fail with, the call that needed them goes on without.
type store interface {
	// tell adds n to the record, and returns it then. Empty news only read it.
	tell(ctx context.Context, n news) (record, error)
	// lease is tell, and gives the right to ask Entra, or a person, for what
	// is named name: nobody else has it until end was called or its holder has
	// died. It waits for it, wait at most, and then fails with errBusy.
	//
	// A record that serves the caller makes the lease needless: useful says so,
	// and end is nil then. It is asked before the wait, as often as the record
	// changes during it, and once the lease is there. With errBusy, r is the
	// record as it was read last.
	lease(ctx context.Context, name string, wait time.Duration, n news, useful func(record) bool) (r record, end endLease, err error)
}

// endLease adds n to the record and gives the lease up.
type endLease func(ctx context.Context, n news) (record, error)

// errBusy: somebody else has the lease, and kept it for longer than the caller
// would wait.
var errBusy = errors.New("msalcae: another process is asking Entra for this token")

// alone is the store of a Source that shares with nobody: what it knows is in
// the Source's own state, in memory.
type alone struct{}

func (alone) tell(context.Context, news) (record, error) { return record{}, nil }

func (alone) lease(context.Context, string, time.Duration, news, func(record) bool) (record, endLease, error) {
	return record{}, func(context.Context, news) (record, error) { return record{}, nil }, nil
}
