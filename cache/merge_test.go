package cache

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func parsed(t testing.TB, text string) blob {
	t.Helper()
	b, err := parseBlob([]byte(text))
	require.NoError(t, err)
	return b
}

func TestMerge(t *testing.T) {
	const old, new_, newer = `{"v":1,"cached_at":"10"}`, `{"v":2,"cached_at":"20"}`, `{"v":3,"cached_at":"30"}`
	with := func(entries ...string) string {
		text := "{"
		for i := 0; i < len(entries); i += 2 {
			if i > 0 {
				text += ","
			}
			text += fmt.Sprintf("%q:%s", entries[i], entries[i+1])
		}
		return text + "}"
	}
	for name, c := range map[string]struct{ base, ours, theirs, want string }{
		"nothing":              {"{}", "{}", "{}", "{}"},
		"both unchanged":       {with("a", old), with("a", old), with("a", old), with("a", old)},
		"we added":             {"{}", with("a", old), "{}", with("a", old)},
		"they added":           {"{}", "{}", with("a", old), with("a", old)},
		"both added others":    {"{}", with("a", old), with("b", old), with("a", old, "b", old)},
		"both added the same":  {"{}", with("a", newer), with("a", new_), with("a", newer)},
		"both, theirs newer":   {"{}", with("a", new_), with("a", newer), with("a", newer)},
		"we changed":           {with("a", old), with("a", new_), with("a", old), with("a", new_)},
		"they changed":         {with("a", old), with("a", old), with("a", new_), with("a", new_)},
		"both changed":         {with("a", old), with("a", newer), with("a", new_), with("a", newer)},
		"both, theirs later":   {with("a", old), with("a", new_), with("a", newer), with("a", newer)},
		"we removed":           {with("a", old, "b", old), with("b", old), with("a", old, "b", old), with("b", old)},
		"they removed":         {with("a", old, "b", old), with("a", old, "b", old), with("b", old), with("b", old)},
		"we removed, changed":  {with("a", old), "{}", with("a", new_), "{}"},
		"removed, we changed":  {with("a", old), with("a", new_), "{}", "{}"},
		"both removed":         {with("a", old), "{}", "{}", "{}"},
		"removed, added anew":  {"{}", with("a", new_), "{}", with("a", new_)},
		"another form is same": {`{"a":{"x":1,"y":2}}`, `{"a":{"y": 2, "x": 1}}`, with("a", `{"v":2}`), with("a", `{"v":2}`)},
	} {
		t.Run(name, func(t *testing.T) {
			wrap := func(section string) string { return `{"S":` + section + `,"Other":{"k":{"z":0}},"Rest":[1]}` }
			got, err := merge3(parsed(t, wrap(c.base)), parsed(t, wrap(c.ours)), parsed(t, wrap(c.theirs))).marshal()
			require.NoError(t, err)
			want := wrap(c.want)
			if c.want == "{}" {
				want = `{"Other":{"k":{"z":0}},"Rest":[1]}`
			}
			assert.JSONEq(t, want, string(got))
		})
	}
}

func TestMergeKeepsWhatItDoesNotKnow(t *testing.T) {
	got, err := merge3(parsed(t, `{"v":1,"w":1}`), parsed(t, `{"v":2,"w":1,"mine":[]}`), parsed(t, `{"v":1,"w":3,"theirs":null}`)).marshal()
	require.NoError(t, err)
	assert.JSONEq(t, `{"v":2,"w":3,"mine":[],"theirs":null}`, string(got))
}

func TestNumbersSurvive(t *testing.T) {
	const text = `{"S":{"k":{"big":9007199254740993,"exact":1.10}}}`
	got, err := parsed(t, text).marshal()
	require.NoError(t, err)
	assert.Contains(t, string(got), "9007199254740993")
	assert.Contains(t, string(got), "1.10")
}

// Replicas that change and exchange their entries in any order agree in the end
// on what a single copy would have.
func TestMergeLosesNoUpdate(t *testing.T) {
	for seed := range uint64(200) {
		rnd := rand.New(rand.NewPCG(seed, 8))
		shared := parsed(t, "{}")
		type replica struct{ base, ours blob }
		replicas := make([]replica, 3)
		model := map[string]bool{} // the entries that there must be at the end
		for i := range replicas {
			replicas[i] = replica{parsed(t, "{}"), parsed(t, "{}")}
		}
		export := func(r *replica) {
			shared = merge3(r.base, r.ours, shared)
			r.base = r.ours
		}
		replace := func(r *replica) {
			r.ours = merge3(r.base, r.ours, shared)
			r.base = shared
		}
		for step := range 60 {
			r := &replicas[rnd.IntN(len(replicas))]
			switch rnd.IntN(4) {
			case 0: // add, and store later
				k := fmt.Sprintf("k%d", step)
				r.ours = put(r.ours, k)
				model[k] = true
			case 1: // remove what is known
				replace(r)
				for k := range r.ours.sections["S"] {
					r.ours = remove(r.ours, k)
					model[k] = false
					break
				}
			case 2:
				export(r)
			case 3:
				replace(r)
			}
		}
		for range 2 {
			for i := range replicas {
				export(&replicas[i])
				replace(&replicas[i])
			}
		}
		var want []string
		for k, there := range model {
			if there {
				want = append(want, k)
			}
		}
		for i := range replicas {
			var got []string
			for k := range replicas[i].ours.sections["S"] {
				got = append(got, k)
			}
			require.ElementsMatch(t, want, got, "seed %d, replica %d", seed, i)
		}
	}
}

func put(b blob, key string) blob {
	c := copied(b)
	if c.sections["S"] == nil {
		c.sections["S"] = map[string]entry{}
	}
	c.sections["S"][key] = entry(`{"v":1}`)
	return c
}

func remove(b blob, key string) blob {
	c := copied(b)
	delete(c.sections["S"], key)
	return c
}

func copied(b blob) blob { return merge3(blob{}, b, blob{}) }
