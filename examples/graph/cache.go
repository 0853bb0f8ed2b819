package main

import (
	"fmt"
	"io"
	"os"

	"github.com/msalcae/msalcae/cache"
	localcache "github.com/msalcae/msalcae/cache/local"
)

const cacheName = "msalcae-graph"

// openCache opens what keeps people signed in beyond the command. Without it the
// command works, and the next one asks for a sign-in again.
func openCache(errout io.Writer) *cache.Cache {
	mode := os.Getenv("MSALCAE_CACHE")
	if mode == "memory" {
		return nil
	}
	c, err := localcache.Open(cacheName, localcache.Options{
		AllowPlaintext: mode == "plaintext",
		Warn:           func(err error) { fmt.Fprintln(errout, "graph:", err) },
	})
	if err != nil {
		fmt.Fprintln(errout, "graph: nobody stays signed in:", err)
		return nil
	}
	return c
}
