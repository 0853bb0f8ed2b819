package cache

import (
	"cmp"
	"encoding/json"
	"slices"
	"strconv"
	"time"
)

// The section of a blob that access tokens are in, and the most that are kept:
// beyond, MSAL takes milliseconds to read them.
const (
	accessTokens    = "AccessToken"
	maxAccessTokens = 100
)

// prune drops access tokens that have ended, and the oldest of too many. MSAL
// keeps them for ever.
func (b blob) prune(now time.Time) {
	section := b.sections[accessTokens]
	cached := map[string]int64{}
	for key, e := range section {
		if ends := e.time("expires_on"); ends > 0 && ends <= now.Unix() {
			delete(section, key)
		} else {
			cached[key] = e.time("cached_at")
		}
	}
	keys := make([]string, 0, len(section))
	for key := range section {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(a, b string) int { return cmp.Compare(cached[b], cached[a]) })
	for _, key := range keys[min(len(keys), maxAccessTokens):] {
		delete(section, key)
	}
}

// clamp makes tokens that were cached in the future, by a machine whose clock
// is ahead, tokens of now: MSAL does not use them otherwise. It reports whether
// there were any.
func (b blob) clamp(now time.Time) (changed bool) {
	section := b.sections[accessTokens]
	for key, e := range section {
		if e.time("cached_at") <= now.Unix() {
			continue
		}
		var fields map[string]json.RawMessage
		if json.Unmarshal([]byte(e), &fields) != nil {
			continue
		}
		fields["cached_at"] = strconv.AppendQuote(nil, strconv.FormatInt(now.Unix(), 10))
		if clamped, err := json.Marshal(fields); err == nil {
			section[key] = entry(clamped)
			changed = true
		}
	}
	return changed
}

// evict drops the access tokens whose values evicted accepts, and reports
// whether there were any.
func (b blob) evict(evicted func(value string) bool) (changed bool) {
	section := b.sections[accessTokens]
	for key, e := range section {
		if value := e.field("secret"); value != "" && evicted(value) {
			delete(section, key)
			changed = true
		}
	}
	return changed
}

// homes are the home accounts of those who are signed in.
func (b blob) homes() map[string]bool {
	homes := map[string]bool{}
	for _, e := range b.sections["Account"] {
		homes[e.field("home_account_id")] = true
	}
	return homes
}

// signOut drops all that belongs to the given home accounts.
func (b blob) signOut(homes map[string]bool) {
	if len(homes) == 0 {
		return
	}
	for _, section := range b.sections {
		for key, e := range section {
			if home := e.field("home_account_id"); home != "" && homes[home] {
				delete(section, key)
			}
		}
	}
}
