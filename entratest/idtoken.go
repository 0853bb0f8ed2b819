package entratest

import (
	"fmt"
	"sync"
	"time"

	"github.com/msalcae/msalcae/entratest/internal/jose"
)

// idTokens repeats the ID token of a sign-in to the same client for up to five
// minutes: an RSA signature is nearly all that a token request costs, and what
// an ID token says does not change with every refresh. Entra's are dated back
// by as much.
type idTokens struct {
	mu     sync.Mutex
	signed *shelf[signedID] // by what they say, but for their times and ids
}

type signedID struct {
	text string
	at   time.Time
}

const idTokenAge = 5 * time.Minute

func (t *idTokens) sign(key *jose.Key, i *issue) string {
	// The fields are quoted, so that no two lists of them read the same.
	said := fmt.Sprintf("%q %d", []string{key.ID, i.issuer(), i.client, i.objectID, i.signin.session, i.nonce, i.user.Name, i.user.Username},
		[]int64{i.signin.at.Unix(), i.from.Unix() - i.at.Unix()})
	t.mu.Lock()
	have, ok := t.signed.get(said)
	t.mu.Unlock()
	if age := i.at.Sub(have.at); ok && age >= 0 && age < idTokenAge {
		return have.text
	}
	anew := signedID{key.Sign(i.idToken()), i.at}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.signed.put(said, anew)
	return anew.text
}
