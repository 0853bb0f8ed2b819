package tokensource_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	msalerrors "github.com/AzureAD/microsoft-authentication-library-for-go/apps/errors"
	"github.com/stretchr/testify/assert"
)

// A spy is a transport that learns every secret that passes it, in either
// direction.
type spy struct {
	base http.RoundTripper

	mu      sync.Mutex
	secrets map[string]string // by value, where it was seen
}

func newSpy(base http.RoundTripper) *spy { return &spy{base: base, secrets: map[string]string{}} }

func (s *spy) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Body != nil {
		body, _ := io.ReadAll(req.Body)
		req.Body.Close()
		req = req.Clone(req.Context())
		req.Body = io.NopCloser(bytes.NewReader(body))
		form, _ := url.ParseQuery(string(body))
		for _, name := range []string{"client_secret", "client_assertion", "assertion", "refresh_token", "code", "code_verifier", "device_code"} {
			s.learn(name, form.Get(name))
		}
	}
	resp, err := s.base.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	resp.Body = io.NopCloser(bytes.NewReader(body))
	var fields map[string]any
	_ = json.Unmarshal(body, &fields)
	for _, name := range []string{"access_token", "refresh_token", "id_token", "secret", "device_code"} {
		v, _ := fields[name].(string)
		s.learn(name, v)
	}
	if err != nil {
		resp.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body), broken{err}))
	}
	return resp, nil
}

type broken struct{ err error }

func (b broken) Read([]byte) (int, error) { return 0, b.err }

func (s *spy) learn(name, value string) {
	if value == "" {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.secrets[value] = name
}

func (s *spy) known() map[string]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	known := map[string]string{}
	for v, name := range s.secrets {
		known[v] = name
	}
	return known
}

// assertNoSecret walks err's tree, prints every node in every way, and finds
// none of the secrets, nor an error of MSAL's that would lead to them.
func assertNoSecret(t testing.TB, err error, secrets map[string]string) {
	t.Helper()
	assert.False(t, errors.As(err, new(msalerrors.CallErr)), "MSAL's CallErr, with the request in it, is reachable")
	assert.False(t, errors.As(err, new(msalerrors.InvalidJsonErr)), "MSAL's InvalidJsonErr, with the answer in it, is reachable")
	walk(err, func(e error) {
		var text strings.Builder
		fmt.Fprintf(&text, "%v\n%+v\n%#v\n%s\n%q\n", e, e, e, e, e)
		for _, h := range []slog.Handler{slog.NewTextHandler(&text, nil), slog.NewJSONHandler(&text, nil)} {
			slog.New(h).LogAttrs(context.Background(), slog.LevelError, "failed", slog.Any("err", e))
		}
		b, _ := json.Marshal(e)
		text.Write(b)
		for value, name := range secrets {
			assert.NotContains(t, text.String(), value, "the %s, in %T", name, e)
		}
	})
	assert.NotContains(t, err.Error(), "\n", "one sentence on one line")
	assert.Equal(t, 1, strings.Count(err.Error(), "msalcae: "), "the prefix, once: %s", err)
}

func walk(err error, visit func(error)) {
	if err == nil {
		return
	}
	visit(err)
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		walk(e.Unwrap(), visit)
	case interface{ Unwrap() []error }:
		for _, one := range e.Unwrap() {
			walk(one, visit)
		}
	}
}
