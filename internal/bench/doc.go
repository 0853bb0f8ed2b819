// Package bench measures this project beside its peers. It is a module of its
// own, so that the peers are nobody's dependencies; all of it is in tests.
package bench
