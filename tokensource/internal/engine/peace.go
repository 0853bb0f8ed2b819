package engine

import (
	"errors"
	"sync"
	"time"

	"github.com/msalcae/msalcae"
)

// promptPeace follows a second declined prompt in a row.
const promptPeace = time.Minute

// peace keeps prompts away for a while after a second one in a row was
// declined or abandoned, by whatever source: it is one person who is asked.
type peace struct {
	mu       sync.Mutex
	declined int
	until    time.Time
}

// err says that there is peace now; nil: there is none.
func (p *peace) err(now time.Time) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !now.Before(p.until) {
		return nil
	}
	return &pausedError{p.until.Sub(now), "sign-in was declined twice in a row", msalcae.ErrInteractionRequired}
}

// prompted takes account of how a prompt ended.
func (p *peace) prompted(err error, now time.Time) {
	if err != nil && !declined(err) {
		return // nobody said no
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if err == nil {
		p.declined, p.until = 0, time.Time{}
		return
	}
	if p.declined++; p.declined >= 2 {
		p.until = now.Add(promptPeace)
	}
}

// declined reports whether a person said no, or nothing in all the time there
// was. A network that answers too late is neither.
func declined(err error) bool {
	var answer *msalcae.Error
	if errors.As(err, &answer) && answer.Code == "access_denied" {
		return true
	}
	var late *lateError
	return errors.Is(err, ErrDeclined) || errors.Is(err, ErrCodeExpired) || errors.As(err, &late)
}
