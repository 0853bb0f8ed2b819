// Package managed is the HTTP client under MSAL's managed identity clients.
package managed

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/msalcae/msalcae"
	"github.com/msalcae/msalcae/internal/inflight"
)

const (
	// attemptLimit bounds one request to the endpoint, which is on this
	// machine or next to it. MSAL waits a minute for each.
	attemptLimit = 10 * time.Second
	// attempts is how often a request is made that is worth repeating.
	attempts = 3
	maxBody  = 1 << 20
)

// passing are the answers that do not mean much: a service that is starting, or
// being updated. 429 and 503 are the engine's to repeat, as Retry-After says.
var passing = []int{http.StatusRequestTimeout, http.StatusInternalServerError, http.StatusBadGateway, http.StatusGatewayTimeout}

// passingIMDS are more of them from the instance metadata service
// (https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token#error-handling).
var passingIMDS = []int{http.StatusNotFound, http.StatusGone}

// A Wire is an HTTP client for MSAL, which takes what it is given: it hands the
// secrets of the endpoint to whatever a redirect points to, reads bodies of any
// size, loses the reason of a refusal, and repeats a POST without its body. A
// Wire does not. It implements managedidentity.ClientConfigurer.
type Wire struct {
	client *http.Client
	imds   bool
}

// NewWire wraps given, or a client of its own that uses no proxy, which could
// not reach the endpoint, if that is nil. imds says that the instance metadata
// service is asked.
func NewWire(given *http.Client, imds bool) (*Wire, error) {
	client := &http.Client{}
	if given != nil {
		*client = *given
		if _, ours := given.Transport.(*msalcae.Transport); ours {
			return nil, fmt.Errorf("%w: ManagedIdentityConfig.HTTPClient is a client of msalcae's own, which would wait for the token it is asked to fetch; give it a plain one", msalcae.ErrMisconfigured)
		}
	} else {
		client.Transport = direct()
	}
	client.CheckRedirect = noRedirects
	return &Wire{client, imds}, nil
}

func direct() *http.Transport {
	t := &http.Transport{IdleConnTimeout: 90 * time.Second}
	if d, ok := http.DefaultTransport.(*http.Transport); ok {
		t = d.Clone()
	}
	t.Proxy = nil
	return t
}

func noRedirects(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// ConfigureClient lets MSAL pin Service Fabric's certificate.
func (w *Wire) ConfigureClient(augment func(*http.Client) (*http.Client, error)) error {
	client, err := augment(w.client)
	if err != nil {
		return err
	}
	w.client = client
	return nil
}

// CloseIdleConnections implements MSAL's HTTPClient.
func (w *Wire) CloseIdleConnections() { w.client.CloseIdleConnections() }

// Do implements MSAL's HTTPClient. What is neither a success nor a 401, which
// begins Azure Arc's handshake, is returned as an error.
func (w *Wire) Do(req *http.Request) (*http.Response, error) {
	var form []byte // small, and MSAL gives no way to read it twice
	if req.Body != nil {
		var err error
		form, err = io.ReadAll(req.Body)
		_ = req.Body.Close()
		if err != nil {
			return nil, err
		}
	}
	for n := 1; ; n++ {
		resp, err := w.send(req, form)
		if err != nil {
			return nil, err
		}
		if n == attempts || !w.passing(resp.StatusCode) {
			return resp, refusal(resp)
		}
		select {
		case <-time.After(time.Duration(n) * time.Second):
		case <-req.Context().Done():
			return nil, req.Context().Err()
		}
	}
}

func (w *Wire) passing(status int) bool {
	return slices.Contains(passing, status) || w.imds && slices.Contains(passingIMDS, status)
}

// send makes one attempt, and reads all of the answer.
func (w *Wire) send(req *http.Request, form []byte) (*http.Response, error) {
	ctx, cancel := context.WithTimeout(inflight.Mark(req.Context()), attemptLimit)
	defer cancel()
	again := req.Clone(ctx)
	if req.Body != nil {
		again.Body, again.ContentLength = io.NopCloser(bytes.NewReader(form)), int64(len(form))
	}
	resp, err := w.client.Do(again)
	if err != nil {
		return nil, unreachable(req, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	switch {
	case err != nil:
		return nil, unreachable(req, err)
	case len(body) > maxBody:
		return nil, &msalcae.Error{Err: errors.New("the answer of the managed identity endpoint is larger than 1 MiB")}
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, nil
}

func unreachable(req *http.Request, err error) error {
	if ended := req.Context().Err(); ended != nil {
		return ended
	}
	var network *url.Error
	if errors.As(err, &network) {
		err = network.Err
	}
	return &msalcae.Error{Err: fmt.Errorf("the managed identity endpoint at %s could not be reached: %w; check that this machine has a managed identity", req.URL.Host, err)}
}

// refusal makes an error of an answer that is no token. MSAL reads the answer
// and forgets the reason.
func refusal(resp *http.Response) error {
	switch resp.StatusCode {
	case http.StatusOK, http.StatusAccepted, http.StatusUnauthorized:
		return nil
	}
	body, _ := io.ReadAll(resp.Body)
	e := &msalcae.Error{Status: resp.StatusCode, RetryAfter: retryAfter(resp.Header)}
	says := fmt.Sprintf("the managed identity endpoint answered HTTP %d", resp.StatusCode)
	if code := reason(body); code != "" {
		says += " " + code
	}
	switch {
	case resp.StatusCode == http.StatusBadRequest, resp.StatusCode == http.StatusForbidden:
		e.Err = fmt.Errorf("%w: %s; check that this machine has the identity, and the resource", msalcae.ErrMisconfigured, says)
	case resp.StatusCode >= 300 && resp.StatusCode < 400:
		e.Err = errors.New(says + ", a redirect, which is not followed with its secrets")
	default:
		e.Err = errors.New(says)
	}
	return e
}

// reason finds the code of a refusal, in the forms of the endpoints:
// {"error":"code"} and {"error":{"code":"code"}}. Nothing else is believed.
func reason(body []byte) string {
	var answer struct {
		Error json.RawMessage `json:"error"`
	}
	_ = json.Unmarshal(body, &answer)
	var code string
	var object struct {
		Code string `json:"code"`
	}
	if json.Unmarshal(answer.Error, &code) != nil && json.Unmarshal(answer.Error, &object) == nil {
		code = object.Code
	}
	if len(code) > 64 || strings.Trim(code, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-") != "" {
		return ""
	}
	return code
}

// retryAfter reads seconds, at most an hour; the endpoints send no dates.
func retryAfter(h http.Header) time.Duration {
	seconds, err := strconv.ParseUint(h.Get("Retry-After"), 10, 32)
	if err != nil {
		return 0
	}
	return min(time.Duration(seconds)*time.Second, time.Hour)
}
