package local_test

import (
	"fmt"
	"log"
	"os"

	"github.com/msalcae/msalcae/cache/local"
)

func ExampleOpen() {
	dir, err := os.MkdirTemp("", "cache")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)

	// A program passes no Dir, and AllowPlaintext only if its users have said
	// that they prefer it to signing in each time.
	c, err := local.Open("contoso-cli", local.Options{Dir: dir, AllowPlaintext: true})
	if err != nil {
		fmt.Fprintln(os.Stderr, err) // and go on with a nil Cache: in memory
	}
	defer local.Remove("contoso-cli", local.Options{Dir: dir, AllowPlaintext: true})

	// tokensource.PublicConfig{ ..., Cache: c}
	fmt.Println(c.Err())
	// Output: <nil>
}
