package main

import (
	"context"
	"net/http"
	"os"
	"runtime"
)

const (
	floorName  = "floor: copy the request and its headers, set Authorization"
	oauth2Name = "golang.org/x/oauth2"
	stubName   = "the stub"
)

var warmPeers = []peer{
	{stubName, func(base http.RoundTripper, _ *sts) caller { return over(base) }},
	{floorName, floor},
	{"floor, with an atomic token and its expiry", checkedFloor},
	{"**msalcae**, App", oursApp},
	{"**msalcae**, Account", oursAccount},
	{"**msalcae**, OnBehalfOf", oursOnBehalfOf},
	{oauth2Name, xOAuth2},
	{"ghinstallation", ghInstallation},
	{"cloud.google.com/go/auth, without telemetry", googleAuth},
	{"azcore + azidentity", azCore},
	{"MSAL Go on every request: confidential, in memory", byHand},
	{"MSAL Go on every request: public, in memory", byHandPublic("")},
	{"kiota-http-go + azidentity", kiota},
}

func steady(r *report, s settings) { warm(r, s, 1) }

func parallel(r *report, s settings) { warm(r, s, runtime.GOMAXPROCS(0)) }

func warm(r *report, s settings, processors int) {
	folder, err := os.MkdirTemp("", "bench")
	must(err)
	defer os.RemoveAll(folder)
	peers := append(warmPeers[:len(warmPeers):len(warmPeers)], peer{"MSAL Go on every request: public, in a file", byHandPublic(folder)})
	var subjects []subject
	for _, p := range peers {
		call := p.make(canned{}, &sts{})
		subjects = append(subjects, subject{p.name, func() { must(call(context.Background())) }})
	}
	r.results(measure(s, processors, subjects), stubName, floorName, oauth2Name)
}
