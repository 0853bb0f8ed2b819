package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"github.com/msalcae/msalcae"
)

// request sends one request and prints the answer.
func request(ctx context.Context, s *session, args []string) error {
	who, err := s.account(ctx, s.who)
	if err != nil {
		return err
	}
	var content []byte
	if len(args) == 3 {
		if content, err = s.body(ctx, args[2]); err != nil {
			return err
		}
	}
	req, err := http.NewRequestWithContext(ctx, strings.ToUpper(args[0]), s.url(args[1]), bytes.NewReader(content))
	if err != nil {
		return err
	}
	if content != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	client := (&msalcae.Transport{Source: s.people.Account(who, s.scopes...), Base: s.base, Trace: s.trace}).Client()
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if err := print(s.out, resp); err != nil {
		return err
	}
	if resp.StatusCode >= 400 {
		return fmt.Errorf("%s answered %d %s", resp.Request.URL.Host, resp.StatusCode, http.StatusText(resp.StatusCode))
	}
	return nil
}

// url takes a path below Graph's version, or the address of a next page.
func (s *session) url(path string) string {
	if strings.HasPrefix(path, "https://") {
		return path // no token is sent to other hosts than Graph's
	}
	return s.graph + "/" + strings.TrimPrefix(path, "/")
}

// body reads what is to be sent.
func (s *session) body(ctx context.Context, arg string) ([]byte, error) {
	name, isFile := strings.CutPrefix(arg, "@")
	switch {
	case !isFile:
		return []byte(arg), nil
	case name == "-":
		return untilDone(ctx, func() ([]byte, error) { return io.ReadAll(s.in) })
	}
	return untilDone(ctx, func() ([]byte, error) { return os.ReadFile(name) })
}

// untilDone leaves a read behind that knows no context when ctx ends: from a
// terminal or a pipe it may take for ever.
func untilDone(ctx context.Context, read func() ([]byte, error)) ([]byte, error) {
	type result struct {
		content []byte
		err     error
	}
	done := make(chan result, 1)
	go func() {
		content, err := read()
		done <- result{content, err}
	}()
	select {
	case r := <-done:
		return r.content, r.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
