// Command entratest runs a local Microsoft Entra ID with an API that takes part
// in Continuous Access Evaluation, for the tests of programs in any language.
// It is for tests and for nothing else: it listens on 127.0.0.1 only, and its
// passwords and secrets are public.
//
// When it is ready it prints one line of JSON to standard output, with
// everything that a client needs (see [Ready]), and nothing after that. It ends
// with SIGTERM, SIGINT, or the end of its standard input: keep a pipe to it
// open, and it cannot outlive the test that began it. Where there is no pipe to
// keep, give it -stay.
//
// Usage:
//
//	entratest [-authority-port n] [-api-port n] [-upload-port n] [-identity-port n] [-admin-port n]
//		[-tenant id] [-config file] [-stay]
//
// The file holds users, applications and switches as JSON; what it does not
// know is an error. Ids that are left out are made up:
//
//	{
//	  "users": [{"username": "eve@contoso.test", "password": "a password", "name": "Eve"}],
//	  "apps": [{"client_id": "99999999-0000-4000-8000-000000000003", "secret": "a secret",
//	            "redirect_uris": ["http://localhost/callback"]}],
//	  "switches": [{"require-auth-context": {"path": "/me/messages", "ids": ["c1"]}}]
//	}
//
// The switches are those of package admin, whose endpoints are served over plain
// HTTP at the address that the line names: GET it for a list.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/msalcae/msalcae/entratest"
	"github.com/msalcae/msalcae/entratest/admin"
)

const notice = `entratest: FOR TESTS ONLY. This is no identity provider: it believes anybody, its passwords
and secrets are public, and it forgets everything when it ends. It answers 127.0.0.1 only.
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	switch {
	case errors.Is(err, flag.ErrHelp):
	case errors.As(err, new(usageError)):
		os.Exit(2) // package flag has said what is wrong
	case err != nil:
		fmt.Fprintln(os.Stderr, "entratest:", err)
		os.Exit(1)
	}
}

type usageError struct{ error }

// run serves until ctx ends, or in does.
func run(ctx context.Context, args []string, in io.Reader, out, log io.Writer) error {
	o, err := parseOptions(args, log)
	if err != nil {
		return err
	}
	config, err := readConfig(o.config)
	if err != nil {
		return err
	}
	fmt.Fprint(log, notice)
	server, err := entratest.Start(o.server)
	if err != nil {
		return err
	}
	defer server.Close()
	if _, err := config.Apply(server); err != nil {
		return fmt.Errorf("%s: %w", o.config, err)
	}
	desk, err := openAdmin(o.adminPort, &admin.Handler{Server: server, Initial: config})
	if err != nil {
		return err
	}
	defer desk.close()
	ca, err := writeCA(server)
	if err != nil {
		return err
	}
	defer ca.remove()
	if err := json.NewEncoder(out).Encode(ready(server, ca.file, desk.url)); err != nil {
		return fmt.Errorf("the ready line cannot be written: %w", err)
	}
	if o.stay {
		<-ctx.Done()
		return nil
	}
	select {
	case <-ctx.Done():
	case <-ended(in):
	}
	return nil
}

// ended is closed when in ends. Its goroutine lasts as long as the process.
func ended(in io.Reader) <-chan struct{} {
	done := make(chan struct{})
	go func() {
		io.Copy(io.Discard, in)
		close(done)
	}()
	return done
}

func readConfig(file string) (admin.Config, error) {
	if file == "" {
		return admin.Config{}, nil
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return admin.Config{}, err
	}
	c, err := admin.ParseConfig(data)
	if err != nil {
		return admin.Config{}, fmt.Errorf("%s: %w", file, err)
	}
	return c, nil
}
