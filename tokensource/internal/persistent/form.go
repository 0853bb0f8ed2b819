package persistent

import (
	"encoding/json"
	"time"

	"github.com/msalcae/msalcae"
	"github.com/msalcae/msalcae/tokensource/internal/engine"
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
func unborn(now time.Time) engine.Record { return engine.Record{Version: uint64(now.UnixMicro())} }

// of returns the record of one source. What cannot be read of it is left out.
func (s shared) of(key string, now time.Time) engine.Record {
	sealed, ok := s.Sources[key]
	if !ok || now.Sub(sealed.Touched) > sharedLife {
		r := unborn(now)
		r.Voided = s.voided(key)
		return r
	}
	r := engine.Record{Version: sealed.Version, Spent: sealed.Spent, Paused: sealed.Paused}
	if limit := now.Add(maxShownPause); r.Paused.After(limit) {
		r.Paused = limit // another machine's clock
	}
	r.Pending, _ = openDemand(sealed.Pending)
	r.Voided = s.voided(key)
	for _, t := range sealed.Tokens {
		demand, ok1 := openDemand(t.Demand)
		renewal, ok2 := openDemand(t.Renewal)
		if t.Value == "" || !ok1 || !ok2 {
			continue
		}
		r.Tokens = append(r.Tokens, engine.SharedToken{
			Token: &msalcae.Token{Value: t.Value, ExpiresOn: t.ExpiresOn, RefreshOn: t.RefreshOn}, Print: engine.FingerprintOf(t.Value),
			Demand: demand, Asked: t.Asked, Renewed: t.Renewed, Renewal: renewal, StepUp: t.StepUp, Silent: t.Silent,
		})
	}
	return r
}

// voided are the tokens of the identity that are never to be sent again, those of
// the source last. One token can serve several sources.
func (s shared) voided(key string) (all []engine.VoidedToken) {
	add := func(sealed sealedRecord) {
		for _, v := range sealed.Voided {
			if len(v.Print) == len(engine.Fingerprint{}) {
				all = append(all, engine.VoidedToken{Print: engine.Fingerprint(v.Print), Until: v.Until})
			}
		}
	}
	for other, sealed := range s.Sources {
		if other != key {
			add(sealed)
		}
	}
	add(s.Sources[key])
	return all[max(0, len(all)-engine.MaxSharedVoids):]
}

// maxShownPause bounds what one process may keep the others from asking.
const maxShownPause = 5 * time.Minute

// put returns s with the record of one source, sealed form, without what is of
// no use any more.
func (s shared) put(key string, r engine.Record, now time.Time) ([]byte, error) {
	sealed := sealedRecord{Touched: now, Version: r.Version, Spent: r.Spent, Paused: r.Paused, Pending: sealDemand(r.Pending)}
	for _, v := range r.Voided {
		sealed.Voided = append(sealed.Voided, sealedVoid{v.Print[:], v.Until})
	}
	for _, t := range r.Tokens {
		sealed.Tokens = append(sealed.Tokens, sealedToken{
			Value: t.Token.Value, ExpiresOn: t.Token.ExpiresOn, RefreshOn: t.Token.RefreshOn, Demand: sealDemand(t.Demand),
			Asked: t.Asked, Renewed: t.Renewed, Renewal: sealDemand(t.Renewal), StepUp: t.StepUp, Silent: t.Silent,
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
func sealDemand(d engine.Demand) *string {
	if d == nil {
		return nil
	}
	claims := d.Claims()
	return &claims
}

func openDemand(claims *string) (d engine.Demand, ok bool) {
	if claims == nil {
		return nil, true
	}
	d, err := engine.ParseDemand(*claims)
	return d, err == nil
}
