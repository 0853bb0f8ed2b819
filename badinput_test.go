package msalcae_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/msalcae/msalcae"
	"github.com/msalcae/msalcae/internal/inflight"
	"github.com/msalcae/msalcae/wwwauth"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What a program can get wrong becomes a typed error in one sentence, before
// anything is sent.
func TestBadInput(t *testing.T) {
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	answers := func(tok *msalcae.Token, err error) msalcae.TokenSource {
		return &tokens{hosts: []string{"api.test"}, answer: func(context.Context, msalcae.TokenRequest) (*msalcae.Token, error) {
			return tok, err
		}}
	}
	boom := errors.New("boom")
	for name, c := range map[string]struct {
		src  msalcae.TokenSource
		url  string
		ctx  context.Context
		want error
		says string
	}{
		"http":                      {url: "http://api.test/", want: msalcae.ErrMisconfigured, says: "use https"},
		"no source":                 {src: nil, want: msalcae.ErrMisconfigured, says: "Source is nil"},
		"neither token nor error":   {src: answers(nil, nil), want: msalcae.ErrNoToken, says: "neither"},
		"empty token":               {src: answers(&msalcae.Token{}, nil), want: msalcae.ErrNoToken},
		"source's error":            {src: answers(nil, boom), want: boom},
		"cancelled":                 {ctx: ended, want: context.Canceled},
		"cancelled, source's error": {src: answers(nil, boom), ctx: ended, want: context.Canceled},
		"a Transport given to MSAL": {ctx: inflight.Mark(context.Background()), want: msalcae.ErrMisconfigured, says: "give MSAL an http.Client without"},
	} {
		t.Run(name, func(t *testing.T) {
			if c.src == nil && name != "no source" {
				c.src = &tokens{hosts: []string{"api.test"}}
			}
			if c.url == "" {
				c.url = "https://api.test/?secret"
			}
			if c.ctx == nil {
				c.ctx = context.Background()
			}
			tr := &msalcae.Transport{Source: c.src, Base: base(func(*http.Request) (*http.Response, error) {
				t.Error("sent")
				return nil, boom
			})}
			resp, err := tr.RoundTrip(request(t, "GET", c.url, nil).WithContext(c.ctx))
			require.Nil(t, resp)
			require.ErrorIs(t, err, c.want)
			assert.ErrorContains(t, err, c.says)
			assert.NotContains(t, err.Error(), "\n")
			assert.NotContains(t, err.Error(), "secret")
			if c.says != "" {
				assert.True(t, strings.HasPrefix(err.Error(), "msalcae: "), err)
			} else if c.want != msalcae.ErrNoToken {
				assert.Equal(t, c.want, err, "unchanged")
			}
		})
	}
}

// A request that even net/http refuses is refused by it, not by a panic.
func TestBadInputNoURL(t *testing.T) {
	for _, req := range []*http.Request{{}, {URL: &url.URL{}}, {URL: &url.URL{Scheme: "https"}}} {
		resp, err := (&msalcae.Transport{Source: &tokens{}, Hosts: []string{"api.test"}}).RoundTrip(req)
		require.Error(t, err)
		require.Nil(t, resp)
	}
}

// A base that returns neither a response nor an error is left to http.Client.
func TestBadInputEmptyBase(t *testing.T) {
	tr := &msalcae.Transport{Source: &tokens{}, Hosts: []string{"api.test"}, Base: base(func(*http.Request) (*http.Response, error) {
		return nil, nil
	})}
	resp, err := tr.RoundTrip(request(t, "POST", "https://api.test/", newBody("x")))
	assert.Nil(t, resp)
	assert.NoError(t, err)
}

// Challenges that cannot be answered. The API's own response is never lost.
func TestBadInputChallenges(t *testing.T) {
	boom := errors.New("boom")
	for name, c := range map[string]struct {
		header string // "": a good one
		answer func(msalcae.TokenRequest) (*msalcae.Token, error)
		want   error
		claims string
	}{
		"null claims":   {header: challengeFor("null"), want: wwwauth.ErrMalformedClaims},
		"array claims":  {header: challengeFor("[]"), want: wwwauth.ErrMalformedClaims},
		"not base64":    {header: `Bearer error="insufficient_claims", claims="%%%"`, want: wwwauth.ErrMalformedClaims},
		"no claims":     {header: `Bearer error="insufficient_claims"`, want: wwwauth.ErrMalformedClaims},
		"too large":     {header: challengeFor(`{"a":"` + strings.Repeat("x", 9000) + `"}`), want: wwwauth.ErrMalformedClaims},
		"source fails":  {answer: func(msalcae.TokenRequest) (*msalcae.Token, error) { return nil, boom }, want: boom, claims: revoked},
		"neither":       {answer: func(msalcae.TokenRequest) (*msalcae.Token, error) { return nil, nil }, want: msalcae.ErrNoToken, claims: revoked},
		"refused token": {answer: func(r msalcae.TokenRequest) (*msalcae.Token, error) { return &msalcae.Token{Value: r.Rejected}, nil }, want: msalcae.ErrSameToken, claims: revoked},
	} {
		t.Run(name, func(t *testing.T) {
			if c.header == "" {
				c.header = challengeFor(revoked)
			}
			sends := 0
			var traced []msalcae.ChallengedInfo
			tr := &msalcae.Transport{
				Hosts: []string{"api.test"},
				Source: &tokens{answer: func(_ context.Context, req msalcae.TokenRequest) (*msalcae.Token, error) {
					if req.Claims == "" {
						return &msalcae.Token{Value: "t1"}, nil
					}
					return c.answer(req)
				}},
				Base: base(func(req *http.Request) (*http.Response, error) {
					sends++
					return respond(req, 401, "why not", "WWW-Authenticate", c.header, "Request-Id", "42"), nil
				}),
				Trace: &msalcae.Trace{Challenged: func(_ context.Context, info msalcae.ChallengedInfo) {
					traced = append(traced, info)
				}},
			}
			req := request(t, "GET", "https://api.test/", nil)
			_, err := tr.RoundTrip(req)
			var challenge *msalcae.ChallengeError
			require.ErrorAs(t, err, &challenge)
			require.ErrorIs(t, err, c.want)
			assert.Equal(t, c.claims, challenge.Claims)
			assert.True(t, strings.HasPrefix(err.Error(), "msalcae: the API refused the token ("), err)
			assert.Equal(t, 401, challenge.Response.StatusCode)
			assert.Equal(t, "42", challenge.Response.Header.Get("Request-Id"))
			assert.Same(t, req, challenge.Response.Request)
			assert.Equal(t, "why not", text(t, challenge.Response))
			assert.Equal(t, 1, sends, "the refused token is not sent again")
			require.Len(t, traced, 1)
			assert.Equal(t, c.claims, traced[0].Claims)
			assert.Equal(t, c.claims == "", traced[0].Err != nil)
			assert.NotEmpty(t, traced[0].Reason)
			assert.Equal(t, "api.test", traced[0].Host)
			assert.Equal(t, "GET", traced[0].Method)
		})
	}
}

// A 401 without a claims challenge is the caller's, body and all; the source
// hears of it.
func TestBadInputPlain401(t *testing.T) {
	for _, header := range []string{
		"",
		`Bearer error="invalid_token"`,
		`Basic realm="x", Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize"`,
		`Bearer realm="` + strings.Repeat(`\"`, 1000),
	} {
		src := &tokens{}
		var original *http.Response
		tr := &msalcae.Transport{Source: src, Hosts: []string{"api.test"}, Base: base(func(req *http.Request) (*http.Response, error) {
			original = respond(req, 401, "why not", "WWW-Authenticate", header)
			return original, nil
		})}
		req := request(t, "GET", "https://api.test/", nil)
		resp, err := tr.RoundTrip(req)
		require.NoError(t, err)
		assert.Same(t, original, resp)
		assert.Same(t, req, resp.Request)
		assert.Equal(t, "why not", text(t, resp))
		assert.Empty(t, src.claims())
		assert.Equal(t, []string{"t1 "}, src.refused)
	}
	// A source without the method is left alone.
	tr := &msalcae.Transport{Source: struct{ msalcae.TokenSource }{&tokens{}}, Hosts: []string{"api.test"}, Base: base(func(req *http.Request) (*http.Response, error) {
		return respond(req, 401, ""), nil
	})}
	resp, err := tr.RoundTrip(request(t, "GET", "https://api.test/", nil))
	require.NoError(t, err)
	assert.Equal(t, 401, resp.StatusCode)
}

// The source also hears what the second response said of its new token.
func TestRefusedTwice(t *testing.T) {
	for second, want := range map[string][]string{
		challengeFor(revoked):          {"t2 " + revoked},
		`Bearer error="invalid_token"`: {"t2 "},
		challengeFor("null"):           nil,
	} {
		src := &tokens{}
		tr := &msalcae.Transport{Source: src, Hosts: []string{"api.test"}, Base: base(func(req *http.Request) (*http.Response, error) {
			if req.Header.Get("Authorization") == "Bearer t1" {
				return unauthorized(req), nil
			}
			return respond(req, 401, "", "WWW-Authenticate", second), nil
		})}
		resp, err := tr.RoundTrip(request(t, "GET", "https://api.test/", nil))
		require.NoError(t, err)
		assert.Equal(t, 401, resp.StatusCode)
		assert.Equal(t, want, src.refused)
	}
}

// What a Transport is set to reaches the source, on both questions.
func TestTokenRequest(t *testing.T) {
	src := &tokens{}
	trace := &msalcae.Trace{}
	tr := &msalcae.Transport{Source: src, Base: challengeOnce, Hosts: []string{"api.test"}, MinTTL: time.Minute, NoPrompt: true, Trace: trace}
	_, err := tr.RoundTrip(request(t, "GET", "https://api.test/", nil))
	require.NoError(t, err)
	assert.Equal(t, []msalcae.TokenRequest{
		{MinTTL: time.Minute, NoPrompt: true, Trace: trace},
		{MinTTL: time.Minute, NoPrompt: true, Trace: trace, Claims: revoked, Rejected: "t1"},
	}, src.asked)
}

// A Transport in the place of http.DefaultTransport, over nothing, would call
// itself for ever.
func TestBadInputOwnBase(t *testing.T) {
	before := http.DefaultTransport
	defer func() { http.DefaultTransport = before }()
	tr := &msalcae.Transport{Source: &tokens{}, Hosts: []string{"api.test"}}
	http.DefaultTransport = tr
	_, err := tr.RoundTrip(request(t, "GET", "https://api.test/", nil))
	require.ErrorIs(t, err, msalcae.ErrMisconfigured)
	tr.Base = before
	http.DefaultTransport = tr
	_, err = tr.RoundTrip(request(t, "GET", "http://api.test/", nil))
	require.ErrorContains(t, err, "use https", "with a Base it is an ordinary Transport")
}
