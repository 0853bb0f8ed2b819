package entratest

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// singlePageLife is how long the refresh tokens of one sign-in with a
// single-page application live together.
const singlePageLife = 24 * time.Hour

// exposed are the headers of Graph that scripts of other origins may read.
const exposed = "ETag, Location, Preference-Applied, Content-Range, request-id, client-request-id, WWW-Authenticate, Retry-After"

// crossOrigin lets scripts of any origin call h and read what it answers, and
// answers their preflights itself (Fetch standard, section 3.2). Credentials
// of a browser are never let along.
func crossOrigin(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Origin") == "" {
			h.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Access-Control-Allow-Origin", "*")
		w.Header().Set("Access-Control-Expose-Headers", exposed)
		if r.Method != http.MethodOptions || r.Header.Get("Access-Control-Request-Method") == "" {
			h.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Access-Control-Allow-Methods", "GET, POST, PATCH, PUT, DELETE, OPTIONS")
		if names := r.Header.Get("Access-Control-Request-Headers"); names != "" {
			w.Header().Set("Access-Control-Allow-Headers", names)
		}
		w.Header().Set("Access-Control-Max-Age", "600")
		w.WriteHeader(http.StatusNoContent)
	})
}

// forScripts tells the authority's endpoints that scripts of other origins may
// call: what they need before and after a sign-in, but no page.
func forScripts(path string) bool {
	return slices.ContainsFunc([]string{"/discovery/instance", "/openid-configuration", "/keys", "/oauth2/v2.0/token"},
		func(end string) bool { return strings.HasSuffix(path, end) })
}

// singlePage tells whether a redirect URI is one of a single-page application.
func (a *app) singlePage(uri string) bool {
	u, err := url.Parse(uri)
	return err == nil && registered(a.SinglePageRedirectURIs, uri, u)
}

// crossOriginRule is what Entra makes of the Origin header: codes and refresh
// tokens of single-page applications are redeemed by scripts of another origin,
// all others are not.
func crossOriginRule(req *tokenRequest, singlePage bool) *aadError {
	switch {
	case singlePage && !req.crossOrigin:
		return aad(9002327)
	case !singlePage && req.crossOrigin:
		return aad(9002326, req.page)
	}
	return nil
}
