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

// fieldsOf returns an entry's fields; times are strings of Unix seconds.
func fieldsOf(e entry) map[string]any {
	var fields map[string]any
	_ = json.Unmarshal([]byte(e), &fields)
	return fields
}

// timeOf returns a time of an entry in Unix seconds; 0 if it has none.
func timeOf(e entry, field string) int64 {
	switch v := fieldsOf(e)[field].(type) {
	case string:
		seconds, _ := strconv.ParseInt(v, 10, 64)
		return seconds
	case float64:
		return int64(v)
	}
	return 0
}

// prune drops access tokens that have ended, and the oldest of too many. MSAL
// keeps them for ever.
func (b blob) prune(now time.Time) {
	section := b.sections[accessTokens]
	cached := map[string]int64{}
	for key, e := range section {
		if ends := timeOf(e, "expires_on"); ends > 0 && ends <= now.Unix() {
			delete(section, key)
		} else {
			cached[key] = timeOf(e, "cached_at")
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
// is ahead, tokens of now: MSAL does not use them otherwise.
func (b blob) clamp(now time.Time) {
	section := b.sections[accessTokens]
	for key, e := range section {
		if timeOf(e, "cached_at") <= now.Unix() {
			continue
		}
		fields := fieldsOf(e)
		fields["cached_at"] = strconv.FormatInt(now.Unix(), 10)
		if canonical, err := json.Marshal(fields); err == nil {
			section[key] = entry(canonical)
		}
	}
}

// evict drops the access tokens whose values evicted accepts.
func (b blob) evict(evicted func(value string) bool) {
	section := b.sections[accessTokens]
	for key, e := range section {
		if value, ok := fieldsOf(e)["secret"].(string); ok && evicted(value) {
			delete(section, key)
		}
	}
}

// homes are the home accounts of those who are signed in.
func (b blob) homes() map[string]bool {
	homes := map[string]bool{}
	for _, e := range b.sections["Account"] {
		homes[homeOf(e)] = true
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
			if home := homeOf(e); home != "" && homes[home] {
				delete(section, key)
			}
		}
	}
}

func homeOf(e entry) string {
	home, _ := fieldsOf(e)["home_account_id"].(string)
	return home
}
