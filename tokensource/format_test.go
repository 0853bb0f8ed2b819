package tokensource

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/msalcae/msalcae"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A source can be printed and logged: it holds tokens, in use and refused ones.
func TestSourcePrintsNoToken(t *testing.T) {
	n := 0
	s := New(func(context.Context, msalcae.TokenRequest) (*msalcae.Token, error) {
		n++
		return &msalcae.Token{Value: fmt.Sprint("a-token-", n), ExpiresOn: time.Now().Add(time.Hour)}, nil
	})
	tok, err := s.Token(context.Background(), msalcae.TokenRequest{})
	require.NoError(t, err)
	_, err = s.Token(context.Background(), msalcae.TokenRequest{Rejected: tok.Value, Claims: laterNbf})
	require.NoError(t, err)
	var text bytes.Buffer
	fmt.Fprintf(&text, "%v %+v %#v %s %q %x %d", s, s, s, s, s, s, s)
	fmt.Fprintf(&text, "%+v %#v", &msalcae.Transport{Source: s}, struct{ S *Source }{s})
	slog.New(slog.NewTextHandler(&text, nil)).Info("x", "source", s)
	slog.New(slog.NewJSONHandler(&text, nil)).Info("x", "source", s)
	b, _ := json.Marshal(s)
	text.Write(b)
	assert.NotContains(t, text.String(), "a-token")
}
