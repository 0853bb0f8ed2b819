package entratest_test

import (
	"fmt"
	"net/url"
	"strconv"
	"time"

	"github.com/stretchr/testify/require"
)

// A thrown switch: its name and body.
type thrown struct{ name, body string }

const ada = `{"user":"ada@contoso.test"}`

// person is the usual course for somebody who has signed in: a call, the
// switches, the same call; if it is challenged, or refresh is set, the refresh
// token; and if that is refused, another sign-in.
func person(file, about string, refresh bool, switches ...thrown) scene {
	return scene{file, about, func(c *conversation) {
		first := c.signIn(cp1)
		require.NotNil(c.t, first)
		c.call(first.token())
		for _, s := range switches {
			c.throw(s.name, s.body)
		}
		claims := cp1
		if used := c.call(first.token()); used.status == 401 {
			claims = merge(c.t, c.challengeIn(used))
		} else if !refresh {
			return
		}
		next := c.refresh(first.text("refresh_token"), claims)
		if next.status != 200 {
			if more := next.text("claims"); more != "" {
				claims = merge(c.t, more)
			}
			again := c.signIn(claims)
			if again == nil {
				return
			}
			next = *again
		}
		c.call(next.token())
	}}
}

// after throws switches before anything else.
func (sc scene) after(switches ...thrown) scene {
	play := sc.play
	sc.play = func(c *conversation) {
		for _, s := range switches {
			c.throw(s.name, s.body)
		}
		play(c)
	}
	return sc
}

// daemon is the same for an application's own token.
func daemonScene(file, about string, switches ...thrown) scene {
	return scene{file, about, func(c *conversation) {
		first := c.daemon(cp1)
		for _, s := range switches {
			c.throw(s.name, s.body)
		}
		used := c.call(first.token(), "/users")
		if used.status != 401 {
			return
		}
		if second := c.daemon(merge(c.t, c.challengeIn(used))); second.status == 200 {
			c.call(second.token(), "/users")
		}
	}}
}

// byWebApp makes a scene's client the confidential one.
func byWebApp(sc scene) scene {
	play := sc.play
	sc.play = func(c *conversation) {
		c.id = url.Values{"client_id": {c.s.ClientID()}, "client_secret": {c.s.ClientSecret()}}
		play(c)
	}
	return sc
}

var scenes = []scene{
	person("revoke", "The sessions of a user are revoked.", false, thrown{"revoke", ada}),
	person("revoke-keep-refresh", "Access tokens are revoked, and refresh tokens are not.", false,
		thrown{"revoke", `{"user":"ada@contoso.test","refresh":"keep"}`}),
	daemonScene("revoke-client", "An application's tokens are revoked.", thrown{"revoke", `{"client":"99999999-0000-4000-8000-000000000001"}`}),
	person("disable", "A user is disabled.", false, thrown{"disable", ada}),
	daemonScene("disable-client", "An application is disabled.", thrown{"disable", `{"client":"99999999-0000-4000-8000-000000000001"}`}),
	person("delete", "A user is deleted.", false, thrown{"delete", ada}),
	daemonScene("delete-client", "An application is deleted.", thrown{"delete", `{"client":"99999999-0000-4000-8000-000000000001"}`}),
	person("change-password", "A user changes the password.", false, thrown{"change-password", `{"user":"ada@contoso.test","password":"another"}`}),
	person("reset-password", "An administrator resets a password.", false, thrown{"reset-password", `{"user":"ada@contoso.test","password":"another"}`}),
	person("risk-mfa", "A user is at high risk, which a second factor ends.", false, thrown{"risk", `{"user":"ada@contoso.test","risk":"mfa"}`}),
	person("risk-block", "A user is at high risk, and blocked.", false, thrown{"risk", `{"user":"ada@contoso.test","risk":"block"}`}),
	person("require-auth-context", "A path of the API demands an authentication context.", false,
		thrown{"require-auth-context", `{"path":"/me","ids":["c1"]}`}),
	person("require-mfa", "Conditional Access demands a second factor for a scope: a public client is not told of the policy.", true,
		thrown{"require-mfa", `{"scopes":["User.Read"]}`}),
	byWebApp(person("require-mfa-confidential", "Conditional Access demands a second factor: a confidential client is told of the policy.", true,
		thrown{"require-mfa", `{"scopes":[""]}`})),
	person("mfa-registered", "Conditional Access demands a second factor that the user has yet to register.", true,
		thrown{"require-mfa", `{"scopes":[""]}`}, thrown{"mfa-registered", `{"user":"ada@contoso.test","on":false}`}),
	person("change-policy", "Conditional Access demands a second factor, and the API learns that its tokens are outdated.", false,
		thrown{"require-mfa", `{"scopes":[""]}`}, thrown{"change-policy", ada}),
	person("require-compliant-device", "Conditional Access demands a compliant device.", true, thrown{"require-compliant-device", `{"scopes":[""]}`}),
	person("move-ip", "A client moves to another address, and any will do.", false, thrown{"move-ip", `{"user":"ada@contoso.test","ip":"203.0.113.7"}`}),
	person("allow-ips", "A client moves to an address that the location policy does not allow.", false,
		thrown{"allow-ips", `{"ips":["127.0.0.0/8"]}`}, thrown{"move-ip", `{"user":"ada@contoso.test","ip":"203.0.113.7"}`}),
	person("move-ip-seen-by-api", "The API alone sees a client where it must not be: it gets a token for an hour.", false,
		thrown{"allow-ips", `{"ips":["127.0.0.1"]}`}, thrown{"move-ip", `{"user":"ada@contoso.test","ip":"203.0.113.7","seen_by":"api"}`}),
	person("strict-location", "The API alone sees a client where it must not be, and location is enforced strictly.", false,
		thrown{"allow-ips", `{"ips":["127.0.0.1"]}`}, thrown{"strict-location", `{"on":true}`},
		thrown{"move-ip", `{"user":"ada@contoso.test","ip":"203.0.113.7","seen_by":"api"}`}),
	person("withdraw-consent", "A user takes back the consent to an application.", true,
		thrown{"withdraw-consent", `{"user":"ada@contoso.test","client":"99999999-0000-4000-8000-000000000002"}`}),
	person("expire-refresh-tokens", "A refresh token has not been used for 90 days.", true,
		thrown{"expire-refresh-tokens", `{"user":"ada@contoso.test","aadsts":700082}`}),
	person("expire-refresh-tokens-sign-in-frequency", "People must sign in more often than a refresh token has been.", true,
		thrown{"expire-refresh-tokens", `{"user":"ada@contoso.test","aadsts":70043}`}),
	person("scope-echo", "The answer names the scopes otherwise than the client did.", true, thrown{"scope-echo", `{"echo":"reordered"}`}),
	person("challenge-form", "The API refuses tokens in SharePoint's form.", false,
		thrown{"challenge-form", `{"form":"sharepoint"}`}, thrown{"revoke", `{"user":"ada@contoso.test","refresh":"keep"}`}),
	{"enable", "A user is disabled, and enabled again: the refresh token is good, the old access token is not.", func(c *conversation) {
		first := c.signIn(cp1)
		c.throw("disable", ada)
		c.refresh(first.text("refresh_token"), cp1)
		c.throw("enable", ada)
		c.call(first.token())
		c.call(c.refresh(first.text("refresh_token"), cp1).token())
	}},
	{"compliant", "Conditional Access demands a compliant device, and the user's becomes one.", func(c *conversation) {
		first := c.signIn(cp1)
		c.throw("require-compliant-device", `{"scopes":[""]}`)
		c.refresh(first.text("refresh_token"), cp1)
		c.throw("compliant", `{"user":"ada@contoso.test","on":true}`)
		c.refresh(first.text("refresh_token"), cp1)
	}},
	person("name-policies", "Conditional Access demands a second factor, and public clients too are told of the policy.", true,
		thrown{"name-policies", `{"public":true,"confidential":true}`}, thrown{"require-mfa", `{"scopes":[""]}`}),
	person("require-auth-context-after-mfa", "The user has given a second factor before: an authentication context asks for no other.", false,
		thrown{"require-auth-context", `{"ids":["c1"]}`}).after(thrown{"require-mfa", `{"scopes":[""]}`}),
	{"seed", "Lifetimes are random, and the same again with the same seed.", func(c *conversation) {
		for _, seed := range []int{7, 8, 7} {
			c.throw("seed", fmt.Sprintf(`{"seed":%d}`, seed))
			c.daemon(cp1)
		}
	}},
	{"reset", "The server is as new: neither tokens nor switches of before are known.", func(c *conversation) {
		c.throw("require-mfa", `{"scopes":[""]}`)
		first := c.signIn(cp1)
		c.throw("reset", "{}")
		c.call(first.token())
		c.refresh(first.text("refresh_token"), cp1)
		require.NotNil(c.t, c.signIn(cp1))
	}},
	{"auth-contexts", "An authentication context is carried over to tokens for which it was not asked.", func(c *conversation) {
		c.throw("require-auth-context", `{"ids":["c1"]}`)
		c.throw("auth-contexts", `{"carry":"carried"}`)
		first := c.signIn(`{"access_token":{"acrs":{"essential":true,"value":"c1"},"xms_cc":{"values":["cp1"]}}}`)
		c.refresh(first.text("refresh_token"), cp1)
		c.throw("auth-contexts", `{"carry":"forgotten"}`)
		c.refresh(first.text("refresh_token"), `{"access_token":{"acrs":{"essential":true,"value":"c1"},"xms_cc":{"values":["cp1"]}}}`)
	}},
	{"strict-rotation", "A refresh token is good for one redemption; a second one ends all of that sign-in.", func(c *conversation) {
		c.throw("strict-rotation", `{"on":true}`)
		first := c.signIn(cp1)
		second := c.refresh(first.text("refresh_token"), cp1)
		c.refresh(first.text("refresh_token"), cp1)
		c.refresh(second.text("refresh_token"), cp1)
	}},
	{"rotate-keys", "Another key signs tokens, and those of before stay good.", func(c *conversation) {
		first := c.daemon(cp1)
		c.throw("rotate-keys", "{}")
		c.call(first.token(), "/users")
		c.call(c.daemon(cp1).token(), "/users")
		c.throw("rotate-keys", "{}")
		c.throw("rotate-keys", "{}")
		c.call(first.token(), "/users")
	}},
	{"require-cp1", "The API refuses clients that cannot be challenged.", func(c *conversation) {
		first := c.daemon("")
		c.call(first.token(), "/users")
		c.throw("require-cp1", `{"on":true}`)
		c.call(first.token(), "/users")
	}},
	{"exclude-from-cae", "An API takes no part in Continuous Access Evaluation.", func(c *conversation) {
		c.throw("exclude-from-cae", fmt.Sprintf(`{"resources":["%s"]}`, c.s.Scope()[:len(c.s.Scope())-len("/.default")]))
		first := c.daemon(cp1)
		c.throw("revoke", `{"client":"99999999-0000-4000-8000-000000000001"}`)
		c.call(first.token(), "/users")
	}},
	{"fail-throttled", "Entra throttles, and then does not.", func(c *conversation) {
		c.throw("fail", `{"endpoint":"token","times":1,"aadsts":90055,"status":429,"header":{"Retry-After":["60"]}}`)
		c.daemon(cp1)
		c.daemon(cp1)
	}},
	{"fail-unavailable", "Entra and the API have their troubles.", func(c *conversation) {
		c.throw("fail", `{"endpoint":"token","times":1,"aadsts":90033}`)
		c.daemon(cp1)
		token := c.daemon(cp1).token()
		c.throw("fail", `{"endpoint":"api","times":1,"status":503,"header":{"Retry-After":["30"]},"body":"busy"}`)
		c.call(token, "/users")
	}},
	{"fail-challenge", "The API challenges whatever it is given, until the fault is cleared.", func(c *conversation) {
		claims := `{"access_token":{"nbf":{"essential":true,"value":"1700000000"}}}`
		token := c.daemon(cp1).token()
		c.throw("fail", `{"endpoint":"api","times":-1,"challenge":`+strconv.Quote(claims)+`}`)
		c.call(token, "/users")
		token = c.daemon(merge(c.t, claims)).token()
		c.call(token, "/users")
		c.throw("clear-faults", "{}")
		c.call(token, "/users")
	}},
	{"fail-connection", "Answers are reset, dropped and cut off.", func(c *conversation) {
		for _, how := range []string{"reset", "drop", "truncate"} {
			c.throw("fail", `{"endpoint":"token","times":1,"`+how+`":true}`)
			c.daemon(cp1)
		}
	}},
}

// scenesOnAClock need time to pass.
var scenesOnAClock = []scene{
	{"propagation-delay", "The API learns of a revocation after a quarter of an hour.", func(c *conversation) {
		c.throw("propagation-delay", `{"delay":"15m"}`)
		token := c.daemon(cp1).token()
		c.throw("revoke", `{"client":"99999999-0000-4000-8000-000000000001"}`)
		c.call(token, "/users")
		c.pass(15 * time.Minute)
		c.call(token, "/users")
	}},
	{"clock-skew", "The API's clock is a day ahead of Entra's.", func(c *conversation) {
		c.throw("clock-skew", `{"api":"24h"}`)
		c.throw("token-lifetime", `{"lifetime":"12h"}`)
		c.call(c.daemon(cp1).token(), "/users")
	}},
	{"fail-latency", "Entra takes its time, and then hangs until the client gives up.", func(c *conversation) {
		c.throw("fail", `{"endpoint":"token","times":1,"delay":"20s"}`)
		c.daemon(cp1)
		c.client.Timeout = 30 * time.Second
		for _, how := range []string{"hang", "stall"} {
			c.throw("fail", `{"endpoint":"token","times":1,"`+how+`":true}`)
			c.daemon(cp1)
		}
	}},
	{"backdate-tokens", "Tokens are dated back; the one that comes after a revocation is good all the same.", func(c *conversation) {
		c.throw("backdate-tokens", `{"by":"5m"}`)
		c.throw("revoke", `{"client":"99999999-0000-4000-8000-000000000001"}`)
		c.call(c.daemon(cp1).token(), "/users")
	}},
}

func (c *conversation) pass(d time.Duration) {
	time.Sleep(d)
	c.write("\n-- %s pass\n", d)
}
