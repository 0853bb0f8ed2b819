package tokensource

import (
	"encoding/json"
	"time"

	"github.com/msalcae/msalcae"
)

const (
	// sharedLife is how long a record is of use after its last change: longer
	// than any token lives.
	sharedLife = 48 * time.Hour
	// maxShared bounds the sources of one identity whose records are kept.
	maxShared = 64
)

// A shared is the form in which the records of one identity's sources are
// sealed, by key. A cache that cannot be read is an empty one.
type shared struct {
	Sources map[string]sealedRecord `json:"sources"`
}

type sealedRecord struct {
	Touched time.Time     `json:"touched"`
	Version uint64        `json:"version"`
	Tokens  []sealedToken `json:"tokens,omitempty"`
	Voided  []sealedVoid  `json:"voided,omitempty"`
	Pending *string       `json:"pending,omitempty"`
	Spent   uint64        `json:"spent,omitempty"`
	Paused  time.Time     `json:"paused,omitzero"`
}

type sealedToken struct {
	Value     string    `json:"value"`
	ExpiresOn time.Time `json:"expires_on,omitzero"`
	RefreshOn time.Time `json:"refresh_on,omitzero"`
	Demand    *string   `json:"demand,omitempty"`
	Asked     uint64    `json:"asked"`
	Renewed   uint64    `json:"renewed,omitempty"`
	Renewal   *string   `json:"renewal,omitempty"`
	StepUp    bool      `json:"step_up,omitempty"`
	Silent    bool      `json:"silent,omitempty"`
}

type sealedVoid struct {
	Print []byte    `json:"print"`
	Until time.Time `json:"until"`
}

func openShared(data []byte) shared {
	var s shared
	if json.Unmarshal(data, &s) != nil || s.Sources == nil {
		s.Sources = map[string]sealedRecord{}
	}
	return s
}

// unborn is a record that nothing was told yet. Its version is the time, so that
// one that was removed and made anew is newer than it was.
func unborn(now time.Time) record { return record{version: uint64(now.UnixMicro())} }

// of returns the record of one source. What cannot be read of it is left out.
func (s shared) of(key string, now time.Time) record {
	sealed, ok := s.Sources[key]
	if !ok || now.Sub(sealed.Touched) > sharedLife {
		r := unborn(now)
		r.voided = s.voided(key)
		return r
	}
	r := record{version: sealed.Version, spent: sealed.Spent, paused: sealed.Paused}
	if limit := now.Add(maxShownPause); r.paused.After(limit) {
		r.paused = limit // another machine's clock
	}
	r.pending, _ = openDemand(sealed.Pending)
	r.voided = s.voided(key)
	for _, t := range sealed.Tokens {
		demand, ok1 := openDemand(t.Demand)
		renewal, ok2 := openDemand(t.Renewal)
		if t.Value == "" || !ok1 || !ok2 {
			continue
		}
		r.tokens = append(r.tokens, sharedToken{
			token: &msalcae.Token{Value: t.Value, ExpiresOn: t.ExpiresOn, RefreshOn: t.RefreshOn}, print: fingerprintOf(t.Value),
			demand: demand, asked: t.Asked, renewed: t.Renewed, renewal: renewal, stepUp: t.StepUp, silent: t.Silent,
		})
	}
	return r
}

// voided are the tokens of the identity that are never to be sent again, those of
// the source last. One token can serve several sources.
func (s shared) voided(key string) (all []voidedToken) {
	add := func(sealed sealedRecord) {
		for _, v := range sealed.Voided {
			if len(v.Print) == len(fingerprint{}) {
				all = append(all, voidedToken{fingerprint(v.Print), v.Until})
			}
		}
	}
	for other, sealed := range s.Sources {
		if other != key {
			add(sealed)
		}
	}
	add(s.Sources[key])
	return all[max(0, len(all)-maxSharedVoids):]
}

// maxShownPause bounds what one process may keep the others from asking.
const maxShownPause = 5 * time.Minute

// put returns s with the record of one source, sealed form, without what is of
// no use any more.
func (s shared) put(key string, r record, now time.Time) ([]byte, error) {
	sealed := sealedRecord{Touched: now, Version: r.version, Spent: r.spent, Paused: r.paused, Pending: sealDemand(r.pending)}
	for _, v := range r.voided {
		sealed.Voided = append(sealed.Voided, sealedVoid{v.print[:], v.until})
	}
	for _, t := range r.tokens {
		sealed.Tokens = append(sealed.Tokens, sealedToken{
			Value: t.token.Value, ExpiresOn: t.token.ExpiresOn, RefreshOn: t.token.RefreshOn, Demand: sealDemand(t.demand),
			Asked: t.asked, Renewed: t.renewed, Renewal: sealDemand(t.renewal), StepUp: t.stepUp, Silent: t.silent,
		})
	}
	s.Sources[key] = sealed
	for key, other := range s.Sources {
		if now.Sub(other.Touched) > sharedLife {
			delete(s.Sources, key)
		}
	}
	for len(s.Sources) > maxShared {
		oldest := ""
		for key, other := range s.Sources {
			if oldest == "" || other.Touched.Before(s.Sources[oldest].Touched) {
				oldest = key
			}
		}
		delete(s.Sources, oldest)
	}
	return json.Marshal(s)
}

// sealDemand keeps apart what asks for nothing, nil, and what asks for a newer
// token only.
func sealDemand(d demand) *string {
	if d == nil {
		return nil
	}
	claims := d.claims()
	return &claims
}

func openDemand(claims *string) (d demand, ok bool) {
	if claims == nil {
		return nil, true
	}
	d, err := parseDemand(*claims)
	return d, err == nil
}
