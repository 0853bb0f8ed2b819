// Command demo shows what msalcae is for, in six scenes of a fraction of a
// second each. Every scene runs against a local Entra ID with an API that
// takes part in Continuous Access Evaluation, over TLS, through the real MSAL
// Go; nothing has to be configured and nothing leaves the machine.
//
//	demo [-n callers] [-seed number] [-json]
//
// With -json it prints one JSON object per scene instead of the story. It ends
// with status 1 if a scene did not end as it should.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"time"
)

func main() {
	if err := run(os.Stdout, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

// run plays all scenes and tells about them on out.
func run(out io.Writer, args []string) error {
	flags := flag.NewFlagSet("demo", flag.ContinueOnError)
	n := flags.Int("n", 200, "how many calls the daemon of scene d makes at once")
	seed := flags.Uint64("seed", 1, "where the times and contents of the calls start from")
	asJSON := flags.Bool("json", false, "print one JSON object per scene")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *n < 1 {
		return fmt.Errorf("-n must be at least 1, not %d", *n)
	}

	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	story := out
	if *asJSON {
		story = io.Discard
	}
	for _, scene := range scenes {
		report, err := scene.run(ctx, story, *n, *seed)
		if err != nil {
			return fmt.Errorf("scene %s: %w", scene.name, err)
		}
		if *asJSON {
			if err := json.NewEncoder(out).Encode(report); err != nil {
				return err
			}
		}
	}
	return nil
}
