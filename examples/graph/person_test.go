package main

import (
	"flag"
	"go/parser"
	"go/token"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// -h has every flag and command, and says what the package's documentation says.
func TestHelp(t *testing.T) {
	for _, args := range [][]string{{"-h"}, {"help"}, {"get", "-help"}} {
		o := graph(t, nil, "", args...)
		assert.Zero(t, o.status)
		assert.Equal(t, help, o.out)
		assert.Empty(t, o.err)
	}
	new(flags).set().VisitAll(func(f *flag.Flag) { assert.Contains(t, help, "\n  -"+f.Name+" ") })
	for name := range commands {
		assert.Contains(t, strings.ToLower(help), name)
	}
	file, err := parser.ParseFile(token.NewFileSet(), "main.go", nil, parser.ParseComments|parser.PackageClauseOnly)
	require.NoError(t, err)
	words := func(s string) []string { return strings.Fields(strings.Replace(s, "Command graph", "Graph", 1)) }
	assert.Equal(t, words(help), words(file.Doc.Text()))
}

// Of several who are signed in somebody has to say who calls.
func TestSeveralPeople(t *testing.T) {
	e := startEntra(t)
	env, _ := e.home()
	require.Zero(t, graph(t, env, "", "login").status)
	require.Zero(t, graph(t, append(env, "ENTRATEST_USER=grace@contoso.test"), "", "login").status)
	assert.Equal(t, "ada@contoso.test\ngrace@contoso.test\n", graph(t, env, "", "accounts").out)
	o := graph(t, env, "", "get", "/me")
	assert.Equal(t, 2, o.status)
	assert.Contains(t, o.err, "ada@contoso.test and grace@contoso.test are signed in; say with -account who calls")
	o = graph(t, env, "", "-account", "GRACE@contoso.test", "-no-prompt", "get", "/me")
	assert.Equal(t, "grace@contoso.test", o.json(t)["userPrincipalName"])
	assert.Equal(t, "Signed out grace@contoso.test.\n", graph(t, env, "", "logout", "grace@contoso.test").out)
	assert.Equal(t, "ada@contoso.test", graph(t, env, "", "-no-prompt", "get", "/me").json(t)["userPrincipalName"])
	assert.Len(t, e.log("authorize"), 2)
}
