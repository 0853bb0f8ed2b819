package main

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/msalcae/msalcae/wwwauth"
)

// manyParams is a header of 64 KiB.
var manyParams = "Bearer " + strings.Repeat(`a="b", `, (wwwauth.MaxHeaderBytes-7)/7)

// headers reads Graph's challenge and a header of 64 KiB. azcore's parser can
// only be reached through a whole call: what it costs is the difference to the
// same call without a header. Graph's challenge has another error for azcore,
// or it would send a second time.
func headers(r *report, s settings) {
	for _, h := range []struct{ name, field string }{{"Graph's", graphPoP + challengeSince(1604106651)}, {"64 KiB", manyParams}} {
		resp := unauthorized(h.field)
		with := azCoreWith(refusing(strings.Replace(h.field, "insufficient_claims", "insufficient_things", 1)), staticToken{})
		without := azCoreWith(refusing(""), staticToken{})
		claims := h.name + ": wwwauth.Claims"
		measured := measure(s, 1, []subject{
			{claims, func() { _, _ = wwwauth.Claims(resp) }},
			{h.name + ": wwwauth.Parse", func() { wwwauth.Parse(resp.Header) }},
			{h.name + ": azcore", func() { _ = with(context.Background()) }},
			{stubName, func() { _ = without(context.Background()) }},
		})
		measured[2] = measured[2].less(measured[3])
		r.results(measured[:3], "", claims, "")
	}
}

func unauthorized(field string) *http.Response {
	resp := &http.Response{StatusCode: http.StatusUnauthorized, Header: http.Header{}, Body: http.NoBody}
	if field != "" {
		resp.Header.Set("WWW-Authenticate", field)
	}
	return resp
}

// refusing is an API that answers everything with a 401 and a header.
func refusing(field string) http.RoundTripper {
	return roundTripper(func(req *http.Request) (*http.Response, error) {
		resp := unauthorized(field)
		resp.Request = req
		return resp, nil
	})
}

// staticToken is a credential that never asks anybody.
type staticToken struct{}

func (staticToken) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: "token", ExpiresOn: time.Now().Add(time.Hour)}, nil
}
