package main

import "context"

const idealName = "the ideal over MSAL Go"

var challengedPeers = []peer{
	{idealName, ideal},
	{"**msalcae**", oursApp},
	{"azcore + azidentity", azCore},
	{"MSAL Go by hand", byHand},
	{"kiota-http-go + azidentity", kiota},
}

// challenges revokes the token before every request.
func challenges(r *report, s settings) {
	var subjects []subject
	for _, p := range challengedPeers {
		tokens, resource := &sts{}, &api{}
		call := p.make(resource, tokens)
		must(call(context.Background()))
		subjects = append(subjects, subject{p.name, func() {
			resource.revoke(tokens)
			must(call(context.Background()))
		}})
	}
	r.results(measure(s, 1, subjects), "", idealName, "")
}
