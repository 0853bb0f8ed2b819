package admin

import (
	"reflect"
	"strings"
)

// members returns the names of what a body may hold, and what that is: the tag
// takes, or else the type.
func members[B any]() map[string]string {
	all := map[string]string{}
	describe(reflect.TypeFor[B](), all)
	return all
}

// describe adds the members of a struct, those of embedded ones first, which
// the struct's own hide.
func describe(t reflect.Type, all map[string]string) {
	for i := range t.NumField() {
		if f := t.Field(i); f.Anonymous {
			describe(f.Type, all)
		}
	}
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch takes := f.Tag.Get("takes"); {
		case f.Anonymous:
		case takes != "":
			all[name] = takes
		case f.Type == reflect.TypeFor[duration]():
			all[name] = "duration"
		default:
			all[name] = f.Type.Kind().String()
		}
	}
}
