package reply

import (
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestJSON(t *testing.T) {
	for method, body := range map[string]string{"GET": `{"a":1}`, "HEAD": ""} {
		w := httptest.NewRecorder()
		JSON(w, httptest.NewRequest(method, "/", nil), 201, map[string]int{"a": 1})
		assert.Equal(t, 201, w.Code)
		assert.Equal(t, body, w.Body.String(), method)
		assert.Equal(t, "application/json; charset=utf-8", w.Header().Get("Content-Type"), method)
	}
}

// Dates are of the form that RFC 9110 section 5.6.7 prefers, in GMT.
func TestDate(t *testing.T) {
	w := httptest.NewRecorder()
	Date(w.Header(), time.Date(1994, 11, 6, 9, 49, 37, 0, time.FixedZone("CET", 3600)))
	assert.Equal(t, "Sun, 06 Nov 1994 08:49:37 GMT", w.Header().Get("Date"))
}
