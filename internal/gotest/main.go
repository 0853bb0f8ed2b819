// Command gotest runs go test with the arguments that it is given, prints what
// go test prints, and adds the tests that were skipped to the file that
// GOTEST_SKIPPED names. Plain go test says nothing about those: a run in which
// half of the tests were skipped looks like one in which all of them passed.
package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

func main() {
	status, err := run(os.Args[1:], os.Getenv("GOTEST_SKIPPED"))
	if err != nil {
		fmt.Fprintln(os.Stderr, "gotest:", err)
	}
	os.Exit(status)
}

// run returns the exit status of go test.
func run(args []string, skippedFile string) (int, error) {
	cmd := exec.Command("go", append([]string{"test", "-json"}, args...)...)
	cmd.Stderr = os.Stderr
	events, err := cmd.StdoutPipe()
	if err != nil {
		return 2, err
	}
	if err := cmd.Start(); err != nil {
		return 2, err
	}
	r := reader{out: os.Stdout}
	if err := r.read(events); err != nil {
		return 2, errors.Join(err, cmd.Wait())
	}
	if err := record(skippedFile, r.skipped); err != nil {
		return 2, errors.Join(err, cmd.Wait())
	}
	if err := cmd.Wait(); err != nil {
		if exit := new(exec.ExitError); errors.As(err, &exit) {
			return exit.ExitCode(), nil
		}
		return 2, err
	}
	return 0, nil
}

// record appends lines to the file of that name; "": nowhere.
func record(name string, lines []string) error {
	if name == "" || len(lines) == 0 {
		return nil
	}
	f, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(strings.Join(lines, "\n") + "\n")
	return errors.Join(err, f.Close())
}
