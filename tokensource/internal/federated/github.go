package federated

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/msalcae/msalcae"
	"github.com/msalcae/msalcae/internal/inflight"
	"github.com/msalcae/msalcae/tokensource/internal/entra"
)

// A GitHub fetches tokens of a GitHub Actions job
// (https://docs.github.com/actions/reference/security/oidc).
type GitHub struct {
	url    string // with the audience
	bearer string // authenticates the job
	client *http.Client
}

// githubLimit bounds one request to GitHub.
const githubLimit = 15 * time.Second

// NewGitHub checks what the job's environment has. client nil: one that uses
// the environment's proxy.
func NewGitHub(requestURL, bearer, audience string, client *http.Client) (*GitHub, error) {
	if requestURL == "" || bearer == "" {
		return nil, fmt.Errorf("%w: ACTIONS_ID_TOKEN_REQUEST_URL or ACTIONS_ID_TOKEN_REQUEST_TOKEN is not set; give the job the permission id-token: write", msalcae.ErrMisconfigured)
	}
	u, err := url.Parse(requestURL)
	if err != nil || u.Hostname() == "" || u.Scheme != "https" && !(u.Scheme == "http" && entra.LoopbackHost(u.Hostname())) {
		return nil, fmt.Errorf("%w: ACTIONS_ID_TOKEN_REQUEST_URL is not an https address", msalcae.ErrMisconfigured)
	}
	q := u.Query()
	q.Set("audience", audience)
	u.RawQuery = q.Encode()
	c := http.Client{}
	if client != nil {
		c = *client
	}
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &GitHub{u.String(), bearer, &c}, nil
}

// Token asks GitHub for a token of the job.
func (g *GitHub) Token(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(inflight.Mark(ctx), githubLimit)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, g.url, nil)
	if err != nil {
		return "", &msalcae.Error{Err: errors.New("the request to GitHub Actions could not be made")}
	}
	req.Header.Set("Authorization", "Bearer "+g.bearer)
	req.Header.Set("Accept", "application/json")
	resp, err := g.client.Do(req)
	if err != nil {
		return "", unreachable(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxToken+1<<10))
	if err != nil {
		return "", unreachable(err)
	}
	if resp.StatusCode != http.StatusOK {
		return "", refused(resp)
	}
	var answer struct {
		Value string `json:"value"`
	}
	if json.Unmarshal(body, &answer) != nil {
		return "", &msalcae.Error{Err: errors.New("the answer of GitHub Actions to the request for a token could not be read")}
	}
	return check(answer.Value, "the answer of GitHub Actions")
}

// unreachable leaves out the URL, which names the job.
func unreachable(err error) error {
	var network *url.Error
	if errors.As(err, &network) {
		err = network.Err
	}
	return &msalcae.Error{Err: fmt.Errorf("GitHub Actions could not be reached for a token: %w", err)}
}

// refused has the status and Retry-After where the request is worth repeating.
func refused(resp *http.Response) error {
	e := &msalcae.Error{Status: resp.StatusCode, Err: fmt.Errorf("GitHub Actions answered HTTP %d to the request for a token", resp.StatusCode)}
	if seconds, err := strconv.ParseUint(resp.Header.Get("Retry-After"), 10, 16); err == nil {
		e.RetryAfter = time.Duration(seconds) * time.Second
	}
	if resp.StatusCode == http.StatusUnauthorized || resp.StatusCode == http.StatusForbidden {
		e.Err = fmt.Errorf("%w: %w; the job may have ended, or lack the permission id-token: write", msalcae.ErrMisconfigured, e.Err)
	}
	return e
}
