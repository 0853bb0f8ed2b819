package admin_test

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/msalcae/msalcae/entratest"
)

// notServed are the methods of a server that neither an endpoint nor the command has a use for, by why.
var notServed = map[string][]string{
	"they are for Go programs": {"AuthorityFor", "Client", "Protect", "ProtectResource", "ServeHost", "Wait", "WaitRequests",
		"WaitTokenRequests", "Watch"},
	"another one does the same": {"RequireAuthContext", "FailToken", "FailAPI", "SignIn", "SignInAs", "Decline", "Requests", "ManagedIdentity"},
}

// What a test in Go can do with a server, one in another language can: every
// exported method is served, or known not to be.
func TestEveryMethodIsServed(t *testing.T) {
	var source strings.Builder
	for _, pattern := range []string{"*.go", "../cmd/entratest/*.go"} {
		files, err := filepath.Glob(pattern)
		require.NoError(t, err)
		for _, f := range files {
			if !strings.HasSuffix(f, "_test.go") {
				text, err := os.ReadFile(f)
				require.NoError(t, err)
				source.Write(text)
			}
		}
	}
	served := map[string]bool{}
	for _, found := range regexp.MustCompile(`(?:\bs|\bserver|Server|\(\*server\))\.(\w+)`).FindAllStringSubmatch(source.String(), -1) {
		served[found[1]] = true
	}
	var known []string
	for _, names := range notServed {
		known = append(known, names...)
	}
	server := reflect.TypeFor[*entratest.Server]()
	for i := range server.NumMethod() {
		name := server.Method(i).Name
		if slices.Contains(known, name) {
			assert.False(t, served[name], "%s is served: it need not be in the list here", name)
			continue
		}
		assert.True(t, served[name], "nothing serves %s: add it to a table in table.go, or to the list here", name)
	}
	for _, name := range known {
		_, there := server.MethodByName(name)
		assert.True(t, there, "there is no method %s", name)
	}
}

// JSON names everything that is served in one way.
func TestServedTypesNameTheirFields(t *testing.T) {
	for _, typ := range []reflect.Type{reflect.TypeFor[entratest.User](), reflect.TypeFor[entratest.App](), reflect.TypeFor[entratest.Fault](),
		reflect.TypeFor[entratest.Request](), reflect.TypeFor[entratest.Stats](), reflect.TypeFor[entratest.ManagedIdentity](), reflect.TypeFor[entratest.Tenant](),
		reflect.TypeFor[entratest.FederatedCredential]()} {
		for i := range typ.NumField() {
			f := typ.Field(i)
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			assert.Regexp(t, `^(-|[a-z0-9_]+)$`, name, "%s.%s", typ, f.Name)
		}
	}
}
