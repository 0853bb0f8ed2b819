package entratest

import (
	"sync"
	"time"

	"github.com/msalcae/msalcae/entratest/internal/jose"
	"github.com/msalcae/msalcae/entratest/internal/site"
)

// The certificates are valid from before the first moment of a testing/synctest
// bubble (2000-01-01) until long after any test.
var (
	certsFrom  = time.Date(1999, 12, 1, 0, 0, 0, 0, time.UTC)
	certsUntil = time.Date(2099, 12, 1, 0, 0, 0, 0, time.UTC)
)

// sharedKey is the key that a new server signs with.
func sharedKey() *jose.Key { return nthKey(0) }

// issuersKey signs for the issuers outside Entra of every server of the
// process.
var issuersKey = sync.OnceValue(func() *jose.Key {
	return jose.NewKey("entratest issuer outside Entra: for tests only", certsFrom, certsUntil)
})

// sharedClientKey is the confidential client's in every server of the process.
var sharedClientKey = sync.OnceValue(func() *jose.Key {
	return jose.NewKey("entratest confidential client: for tests only", certsFrom, certsUntil)
})

// sharedIdentity is one for all servers of the process, so that a client that
// trusts one trusts them all.
var sharedIdentity = sync.OnceValue(func() *site.Identity {
	return site.NewIdentity(certsFrom, certsUntil, append([]string{"localhost", "*." + memoryDomain, uploadHost}, reroutedHosts()...)...)
})

// must is for what cannot fail on a working machine: like net/http/httptest,
// the package panics when it cannot be set up.
func must(err error) {
	if err != nil {
		panic("entratest: " + err.Error())
	}
}
