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
//
// It exits with 1 if the call or the sign-in failed, an answer of 400 or more
// included, with 2 if the command line is wrong, and with 130 when interrupted.
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
	"github.com/msalcae/msalcae/tokensource"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	context.AfterFunc(ctx, stop) // a second interrupt ends the program whatever it does
	err := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	os.Exit(report(os.Stderr, err, ctx.Err() != nil))
}

// report says what went wrong and what to do, and returns the exit status.
func report(errout io.Writer, err error, interrupted bool) int {
	switch {
	case err == nil:
		return 0
	case interrupted:
		fmt.Fprintln(errout, "graph: interrupted")
		return 130
	}
	fmt.Fprintln(errout, "graph:", err)
	switch {
	case errors.As(err, new(usageError)):
		return 2
	case errors.Is(err, tokensource.ErrNoBrowser):
		fmt.Fprintln(errout, "Run: graph login -device-code")
	case errors.Is(err, msalcae.ErrInteractionRequired):
		fmt.Fprintln(errout, "Run: graph login")
	}
	return 1
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
func parse(args []string) (f flags, rest []string, err error) {
	set := f.set()
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

// set has the flags; help describes them.
func (f *flags) set() *flag.FlagSet {
	set := flag.NewFlagSet("graph", flag.ContinueOnError)
	set.SetOutput(io.Discard)
	set.BoolVar(&f.deviceCode, "device-code", false, "")
	set.BoolVar(&f.noPrompt, "no-prompt", false, "")
	set.BoolVar(&f.verbose, "v", false, "")
	set.StringVar(&f.account, "account", "", "")
	set.StringVar(&f.scopes, "scopes", "", "")
	return set
}

// run carries out one command.
func run(ctx context.Context, args []string, in io.Reader, out, errout io.Writer) error {
	f, rest, err := parse(args)
	if errors.Is(err, flag.ErrHelp) || err == nil && len(rest) == 1 && rest[0] == "help" {
		_, err := io.WriteString(out, help)
		return err
	}
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
	if rest[0] == "login" && (f.noPrompt || f.account != "") {
		return usageError{"login asks somebody, and learns who it is"}
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
