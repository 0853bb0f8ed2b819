package entra

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// An answer that is no HTTP may repeat what was sent, and net/http's errors quote
// the answer.
func TestErrorsQuoteNoAnswer(t *testing.T) {
	const word = `a-"refresh"-token`
	for _, answer := range []string{
		"HTTP/1.1 307 X\r\nLocation: http://%%zz/?x=%s\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.1 %s\r\n\r\n",
		"%s\r\n\r\n",
		"HTTP/1.1 200 OK\r\n%s\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: %s\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: %s\r\n\r\n",
	} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			c, _, err := w.(http.Hijacker).Hijack()
			require.NoError(t, err)
			fmt.Fprintf(c, answer, word)
			c.Close()
		}))
		_, err := s.Client().Post(s.URL, "text/plain", strings.NewReader(word))
		s.Close()
		require.ErrorContains(t, err, "refresh", "net/http does not quote any more")
		err = Typed(context.Background(), err)
		require.ErrorAs(t, err, new(*url.Error))
		for e := err; e != nil; e = errors.Unwrap(e) {
			assert.NotContains(t, fmt.Sprintf("%+v", e), "refresh", answer)
		}
	}
}
