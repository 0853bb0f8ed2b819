package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"

	"github.com/msalcae/msalcae/entratest"
)

// bodyReplayed is scene c: the token is refused while a message is being sent.
// The body is a stream that cannot be rewound; it arrives whole all the same.
func bodyReplayed(ctx context.Context, s *stage) (report, error) {
	client, err := s.desktop(ctx)
	if err != nil {
		return report{}, err
	}
	if err := s.first(ctx, client, "/me"); err != nil {
		return report{}, err
	}
	s.story.tell("admin", "changes a policy that applies to ada")
	s.entra.ChangePolicy(s.entra.Username())

	message, err := s.message()
	if err != nil {
		return report{}, err
	}
	sum := sha256.Sum256(message)
	digest := hex.EncodeToString(sum[:])
	s.story.tell("ada", "posts a message of %d bytes, SHA-256 %.8s..., from a stream:", len(message), digest)
	r := s.measure(func() (int, error) {
		stream := io.NopCloser(bytes.NewReader(message)) // hides what could be rewound
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.entra.API()+"/me/messages", stream)
		if err != nil {
			return 0, err
		}
		req.Header.Set("Content-Type", "application/json")
		return do(client, req)
	})

	arrived := s.entra.Requests(entratest.APIEndpoint)
	if last := arrived[len(arrived)-1]; last.BodySHA256 != digest {
		return report{}, fmt.Errorf("the body that arrived has SHA-256 %s, not %s", last.BodySHA256, digest)
	}
	return r, nil
}

// message makes a message of some 100 KB.
func (s *stage) message() ([]byte, error) {
	content := make([]byte, 75_000)
	for i := range content {
		content[i] = byte(s.rand.Uint32())
	}
	return json.Marshal(map[string]any{"subject": "the report", "body": map[string]any{"content": content}})
}
