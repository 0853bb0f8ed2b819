package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"
	"github.com/msalcae/msalcae"
)

func login(ctx context.Context, s *session, _ []string) error {
	a, err := s.people.SignIn(msalcae.WithTrace(ctx, s.trace), s.scopes...)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(s.out, "Signed in as %s.\n", a.PreferredUsername)
	return err
}

func logout(ctx context.Context, s *session, args []string) error {
	all, err := s.people.Accounts(ctx)
	if err != nil {
		return err
	}
	if len(args) == 2 {
		a, err := s.account(ctx, args[1])
		if err != nil {
			return err
		}
		all = []public.Account{a}
	}
	for _, a := range all {
		if err := s.people.SignOut(ctx, a); err != nil {
			return err
		}
		if _, err := fmt.Fprintf(s.out, "Signed out %s.\n", a.PreferredUsername); err != nil {
			return err
		}
	}
	return nil
}

func accounts(ctx context.Context, s *session, _ []string) error {
	all, err := s.people.Accounts(ctx)
	if err != nil {
		return err
	}
	for _, a := range all {
		if _, err := fmt.Fprintln(s.out, a.PreferredUsername); err != nil {
			return err
		}
	}
	return nil
}

// account finds who is signed in under a name; "" stands for whoever uses the
// program, as far as that is clear.
func (s *session) account(ctx context.Context, name string) (public.Account, error) {
	all, err := s.people.Accounts(ctx)
	if err != nil {
		return public.Account{}, err
	}
	var names []string
	for _, a := range all {
		if name != "" && strings.EqualFold(a.PreferredUsername, name) {
			return a, nil
		}
		names = append(names, a.PreferredUsername)
	}
	switch {
	case name == "" && len(all) > 1:
		return public.Account{}, usageError{fmt.Sprintf("%s are signed in; say with -account who calls", strings.Join(names, " and "))}
	case name == "":
		return public.Account{}, nil
	}
	return public.Account{}, fmt.Errorf("%s is not signed in; run: graph login", name)
}
