// Package federated fetches the tokens with which workloads authenticate to
// Entra instead of with a secret: signed by the platform that they run on, which
// an application at Entra was told to trust
// (https://learn.microsoft.com/entra/workload-id/workload-identity-federation).
package federated

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/msalcae/msalcae"
	"github.com/msalcae/msalcae/tokensource/internal/jwt"
)

// maxToken bounds a token, wherever it comes from.
const maxToken = 64 << 10

// File returns a function that reads the token in a file, every time: platforms
// put a newer one there before it expires.
func File(path string) func(context.Context) (string, error) {
	return func(context.Context) (string, error) {
		// A pipe would hold whoever opens it until somebody writes there.
		if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
			return "", fmt.Errorf("%w: the federated token file %s is not a regular file", msalcae.ErrMisconfigured, path)
		}
		f, err := os.Open(path)
		if err != nil {
			return "", fmt.Errorf("%w: the federated token file cannot be read (%w); check the path, and that the platform puts a token there", msalcae.ErrMisconfigured, err)
		}
		defer f.Close()
		data, err := io.ReadAll(io.LimitReader(f, maxToken+1))
		if err != nil {
			return "", fmt.Errorf("%w: the federated token file cannot be read (%w)", msalcae.ErrMisconfigured, err)
		}
		return check(strings.TrimSpace(string(data)), "the federated token file "+path)
	}
}

// check refuses what Entra would not take, with a better reason.
func check(token, where string) (string, error) {
	claims, ok := jwt.Read(token)
	switch {
	case token == "":
		return "", fmt.Errorf("%w: %s is empty", msalcae.ErrMisconfigured, where)
	case !ok || len(token) > maxToken:
		return "", fmt.Errorf("%w: %s does not hold a JWT", msalcae.ErrMisconfigured, where)
	case claims.Expired():
		return "", fmt.Errorf("%w: the token in %s expired at %s; check what renews it", msalcae.ErrMisconfigured, where, claims.Ends().UTC().Format("2006-01-02 15:04:05Z"))
	}
	return token, nil
}
