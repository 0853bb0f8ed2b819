// Command graph calls Microsoft Graph as the person who uses it.
//
//	graph [flags] login                        sign in, whoever is signed in
//	graph [flags] logout [user]                forget that user, or everybody
//	graph [flags] accounts                     list who is signed in
//	graph [flags] get /me                      print an answer
//	graph [flags] post /me/sendMail @body.json send a body: @file, @- for standard input, or JSON
//
// Patch, put and delete are like post. It asks for a sign-in when Entra says
// that one is needed, and only then; when a session is revoked or a policy wants
// more of it, in the middle of a call as well. Who has signed in stays so for
// the commands that follow, until logout.
//
//	-device-code   sign in on another device, with a code
//	-no-prompt     never ask; say that somebody has to sign in
//	-account user  who calls, if several are signed in
//	-scopes list   what to ask for; default: all that was granted (/.default)
//	-v             tell on standard error what happens
//
// The environment says which Entra it talks to:
//
//	MSALCAE_CLIENT_ID  the application's id, registered as a public client with redirect URI http://localhost
//	MSALCAE_TENANT     default: organizations, any work or school account
//	MSALCAE_AUTHORITY  default: https://login.microsoftonline.com
//	MSALCAE_GRAPH      default: https://graph.microsoft.com/v1.0
//	MSALCAE_CA_FILE    certificates to trust besides the system's, PEM
//	MSALCAE_CACHE      plaintext: keep the cache's key in a file where the system has no key store; memory: keep nothing
//
// With nothing set it says so, and calls a local Entra ID inside itself.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"

	"github.com/msalcae/msalcae"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
	case errors.As(err, new(usageError)):
		fmt.Fprintln(os.Stderr, "graph:", err)
		os.Exit(2)
	default:
		fmt.Fprintln(os.Stderr, "graph:", err)
		if errors.Is(err, msalcae.ErrInteractionRequired) {
			fmt.Fprintln(os.Stderr, "Run: graph login")
		}
		os.Exit(1)
	}
}

// A usageError says what is wrong with the command line.
type usageError struct{ text string }

func (e usageError) Error() string { return e.text + "; graph -h lists the commands" }

// flags are those of the command line.
type flags struct {
	deviceCode, noPrompt, verbose bool
	account, scopes               string
}

// parse returns the flags and what is behind them: flags may also stand behind
// the command.
func parse(args []string, errout io.Writer) (f flags, rest []string, err error) {
	set := flag.NewFlagSet("graph", flag.ContinueOnError)
	set.SetOutput(errout)
	set.Usage = func() {
		fmt.Fprintln(errout, "usage: graph [flags] login | logout [user] | accounts | get path | post path body")
		set.PrintDefaults()
	}
	set.BoolVar(&f.deviceCode, "device-code", false, "sign in on another device, with a code")
	set.BoolVar(&f.noPrompt, "no-prompt", false, "never ask anybody to sign in")
	set.BoolVar(&f.verbose, "v", false, "tell what happens")
	set.StringVar(&f.account, "account", "", "the `user` who calls, if several are signed in")
	set.StringVar(&f.scopes, "scopes", "", "a `list` of scopes to ask for, separated by spaces; default: all that was granted")
	for {
		if err := set.Parse(args); errors.Is(err, flag.ErrHelp) {
			return f, nil, err
		} else if err != nil {
			return f, nil, usageError{err.Error()}
		}
		if set.NArg() == 0 {
			return f, rest, nil
		}
		rest, args = append(rest, set.Arg(0)), set.Args()[1:]
	}
}

// run carries out one command.
func run(ctx context.Context, args []string, in io.Reader, out, errout io.Writer) error {
	f, rest, err := parse(args, errout)
	if err != nil {
		return err
	}
	if len(rest) == 0 {
		return usageError{"there is no command"}
	}
	command, ok := commands[rest[0]]
	if !ok {
		return usageError{fmt.Sprintf("there is no command %q", rest[0])}
	}
	if n := len(rest) - 1; n < command.least || n > command.most {
		return usageError{"usage: graph " + command.usage}
	}
	s, err := open(f, errout)
	if err != nil {
		return err
	}
	defer s.close()
	s.in, s.out, s.errout = in, out, errout
	return command.run(ctx, s, rest)
}

// A command is carried out with its name and its arguments.
type command struct {
	usage       string
	least, most int // number of arguments
	run         func(ctx context.Context, s *session, args []string) error
}

var commands = map[string]command{
	"login":    {"login", 0, 0, login},
	"logout":   {"logout [user]", 0, 1, logout},
	"accounts": {"accounts", 0, 0, accounts},
	"get":      {"get path", 1, 1, request},
	"delete":   {"delete path", 1, 1, request},
	"post":     {"post path body", 1, 2, request},
	"patch":    {"patch path body", 2, 2, request},
	"put":      {"put path body", 2, 2, request},
}
