package graph

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What a batch answers is bounded, however much each of its requests would be
// answered with; those that fit are.
func TestBatchAnswerIsBounded(t *testing.T) {
	s := newAPI(t)
	const size = 3 << 20
	for range 2 {
		mail := `{"subject":"Large","body":"` + strings.Repeat("x", size) + `"}`
		require.Equal(t, 201, s.call(t, "POST", "/me/messages", mail).status)
	}
	var requests []string
	for i := range 20 {
		requests = append(requests, fmt.Sprintf(`{"id":"%d","method":"GET","url":"/me/messages"}`, i))
	}
	requests[19] = `{"id":"19","method":"GET","url":"/me?$select=id"}`
	status, answers := sendBatch(t, s, `{"requests":[`+strings.Join(requests, ",")+`]}`)
	require.Equal(t, 200, status)
	count, bytes := map[int]int{}, 0
	for _, a := range answers {
		count[a.Status]++
		bytes += len(a.Body)
	}
	assert.Equal(t, map[int]int{200: 3, 507: 17}, count, "two long ones, and the short one")
	assert.Equal(t, 200, answers["19"].Status)
	assert.Less(t, bytes, 17<<20)
	assert.Contains(t, string(answers["18"].Body), "ResponseTooLarge")
}

func TestBatchWithinABatch(t *testing.T) {
	s := newAPI(t)
	_, answers := sendBatch(t, s, `{"requests":[{"id":"1","method":"POST","url":"/%24batch","body":{"requests":[{"id":"2","method":"GET","url":"/me"}]}}]}`)
	assert.Equal(t, 400, answers["1"].Status)
}

type batchAnswer struct {
	ID      string
	Status  int
	Headers map[string]string
	Body    json.RawMessage
}

func sendBatch(t *testing.T, s *testAPI, body string) (status int, answers map[string]batchAnswer) {
	t.Helper()
	a := s.call(t, "POST", "/$batch", body)
	var all struct{ Responses []batchAnswer }
	require.NoError(t, json.Unmarshal(a.body, &all), "%s", a.body)
	answers = map[string]batchAnswer{}
	for _, r := range all.Responses {
		answers[r.ID] = r
	}
	return a.status, answers
}

// batchOf is a batch of so many requests.
func batchOf(n int) string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf(`{"id":"%d","method":"GET","url":"/me"}`, i)
	}
	return `{"requests":[` + strings.Join(all, ",") + `]}`
}

func TestBatch(t *testing.T) {
	s := newAPI(t)
	status, answers := sendBatch(t, s, `{"requests":[
		{"id":"1","method":"GET","url":"/me?$select=mail"},
		{"id":"2","method":"POST","url":"/me/messages","body":{"subject":"One"}},
		{"id":"3","method":"GET","url":"/users/nobody"},
		{"id":"4","method":"GET","url":"/me","dependsOn":["3"]},
		{"id":"5","method":"GET","url":"/users","dependsOn":["2"]}]}`)
	require.Equal(t, 200, status)
	assert.Contains(t, string(answers["1"].Body), `"mail":"ada@contoso.test"`)
	assert.Equal(t, 201, answers["2"].Status)
	assert.Equal(t, 404, answers["3"].Status)
	assert.Equal(t, 424, answers["4"].Status)
	assert.Equal(t, 200, answers["5"].Status)
	assert.Equal(t, "application/json; charset=utf-8", answers["5"].Headers["Content-Type"])

	for _, bad := range []string{`{}`, `{"requests":[]}`, `{"requests":[{"id":"1","method":"GET","url":"https://evil.test/"}]}`,
		`{"requests":[{"id":"1","method":"POST","url":"/$batch"}]}`, `{"requests":[{"id":"1","method":"GET","url":"/me"},{"id":"1","method":"GET","url":"/me"}]}`,
		batchOf(21)} {
		assert.Equal(t, 400, s.call(t, "POST", "/$batch", bad).status, bad)
	}
	status, answers = sendBatch(t, s, batchOf(20))
	assert.Equal(t, 200, status)
	assert.Len(t, answers, 20)
	_, answers = sendBatch(t, s, `{"requests":[{"id":"1","method":"GET","url":"/me","dependsOn":["2"]},{"id":"2","method":"GET","url":"/me"}]}`)
	assert.Equal(t, 424, answers["1"].Status, "what it depends on comes later")
}
