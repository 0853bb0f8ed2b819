package clienttest

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	abstractions "github.com/microsoft/kiota-abstractions-go"
	"github.com/microsoft/kiota-abstractions-go/serialization"
	jsonserialization "github.com/microsoft/kiota-serialization-json-go"
)

// opened names the environment variable with the address that the program
// xdg-open of a test hands the URLs to.
const opened = "CLIENTTEST_OPENED"

// TestMain makes the test binary the program that clients open the system's
// browser with, when it is called by that name.
func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == "xdg-open" {
		resp, err := http.Post(os.Getenv(opened), "text/plain", strings.NewReader(os.Args[len(os.Args)-1]))
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		_ = resp.Body.Close()
		return
	}
	// A generated Graph SDK registers these.
	abstractions.RegisterDefaultSerializer(func() serialization.SerializationWriterFactory {
		return jsonserialization.NewJsonSerializationWriterFactory()
	})
	abstractions.RegisterDefaultDeserializer(func() serialization.ParseNodeFactory { return jsonserialization.NewJsonParseNodeFactory() })
	os.Exit(m.Run())
}

// query returns a URL's query for tests that look at what a client asked for.
func query(t *testing.T, raw string) url.Values {
	t.Helper()
	u, err := url.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	return u.Query()
}
