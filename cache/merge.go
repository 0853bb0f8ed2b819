package cache

import "maps"

// merge3 applies what changed from base to ours to theirs, entry by entry. What
// either side has removed stays removed, also if the other has changed it: that
// is as if the change had come first. Of two changes the newer one counts, and
// ours if there is no telling.
func merge3(base, ours, theirs blob) blob {
	merged := blob{map[string]map[string]entry{}, map[string]entry{}}
	maps.Copy(merged.rest, theirs.rest)
	for name, raw := range ours.rest {
		if _, there := merged.rest[name]; !there || !base.rest[name].same(raw) {
			merged.rest[name] = raw
		}
	}
	for _, side := range []blob{ours, theirs} {
		for name := range side.sections {
			if merged.sections[name] == nil {
				merged.sections[name] = mergeSection(base.sections[name], ours.sections[name], theirs.sections[name])
			}
		}
	}
	return merged
}

func mergeSection(base, ours, theirs map[string]entry) map[string]entry {
	merged := map[string]entry{}
	for key, their := range theirs {
		our, have := ours[key]
		was, had := base[key]
		switch {
		case !have && had: // we removed it
		case !have, have && had && our.same(was):
			merged[key] = their
		case had && their.same(was):
			merged[key] = our
		default:
			merged[key] = newer(our, their)
		}
	}
	for key, our := range ours {
		_, have := theirs[key]
		if _, had := base[key]; !have && !had { // we added it
			merged[key] = our
		}
	}
	return merged
}

// newer returns the entry that was cached later, ours if neither was.
func newer(our, their entry) entry {
	if their.time("cached_at") > our.time("cached_at") {
		return their
	}
	return our
}
