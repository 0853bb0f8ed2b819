package entratest

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"time"

	"github.com/msalcae/msalcae/entratest/internal/ids"
	"github.com/msalcae/msalcae/entratest/internal/jose"
)

// An issue is what the token endpoint has decided to issue. Nothing of it
// needs the server's lock any more.
type issue struct {
	origin   string
	tenant   string // id
	client   string // client id
	strength string // of the client's proof, see tokenRequest
	scope    scopeRequest
	graph    bool   // the token is for Graph
	echo     string // scope of the answer
	label    string // whose, for the record

	seq          uint64
	id           string    // uti of the access token
	at           time.Time // of the issue
	from         time.Time // iat and nbf
	lifetime     time.Duration
	capabilities []string
	objectID, ip string

	// Of a person's tokens only.
	user         User
	signin       signin
	contexts     []string
	nonce        string
	clientInfo   bool
	refreshToken string
}

// maxSkew bounds how far in the future claims may place a token.
const maxSkew = 5 * time.Minute

// newIssue decides what every token has, if nothing stands in the way. s.mu is
// held.
func (s *Server) newIssue(req *tokenRequest, a *admission) (*issue, *aadError) {
	if o := a.objection(); o != nil {
		return nil, o.err
	}
	now := s.entraNow()
	tenant, _ := s.tenant(req.tenant)
	i := &issue{
		origin: req.origin, tenant: tenant, client: req.app.ClientID, strength: req.strength, scope: a.scope, label: a.who.label,
		graph: hasFold(graphAudiences(s.graph), a.scope.resource),
		seq:   s.next(), at: now, from: now.Add(-s.policy.backdate), objectID: a.who.objectID, ip: a.who.ip,
		echo: a.scope.echo(s.policy.scopeEcho),
	}
	if !hasFold(s.policy.withoutCAE, a.scope.resource) {
		i.capabilities = a.claims.capabilities()
	}
	if !a.person() && tenant != s.tenantID {
		i.objectID = ids.GUIDOf("service principal " + req.app.ClientID + " " + tenant)
	}
	// A demanded nbf is met and not undercut: what the API demanded a second
	// ago must satisfy it now.
	if nbf, ok := a.claims.notBefore(); ok {
		i.from = now
		if nbf.After(now) && nbf.Before(now.Add(maxSkew)) {
			i.from = nbf
		}
	}
	i.id = tokenID(i.seq)
	i.lifetime = s.lifetime(len(i.capabilities) > 0)
	if s.policy.seenElsewhere(a.claims) {
		i.id = tokenID(i.seq | anywhere)
		i.lifetime = min(i.lifetime, standardLocationLifetime)
	}
	return i, nil
}

// lifetime returns how long an access token lives. s.mu is held.
func (s *Server) lifetime(cae bool) time.Duration {
	life := s.policy.lifetime
	switch {
	case life > 0:
	case cae:
		life = 20*time.Hour + time.Duration(s.rand.Int64N(int64(8*time.Hour)))
	default:
		life = 60*time.Minute + time.Duration(s.rand.Int64N(int64(30*time.Minute)))
	}
	return max(life.Truncate(time.Second), time.Second)
}

// expires is the exp of a token that lives for d.
func (i *issue) expires(d time.Duration) int64 {
	if i.from.After(i.at) {
		return i.from.Add(d).Unix()
	}
	return i.at.Add(d).Unix()
}

func (i *issue) person() bool { return i.user.ObjectID != "" }

// sign makes the answer of the token endpoint.
func (i *issue) sign(key *jose.Key) map[string]any {
	seconds := int64(i.lifetime / time.Second)
	answer := map[string]any{
		"token_type":     "Bearer",
		"expires_in":     seconds,
		"ext_expires_in": seconds,
		"access_token":   key.Sign(i.accessToken()),
	}
	if !i.person() {
		return answer
	}
	if i.echo != "" {
		answer["scope"] = i.echo
	}
	if i.refreshToken != "" {
		answer["refresh_token"] = i.refreshToken
	}
	if i.scope.openID {
		answer["id_token"] = key.Sign(i.idToken())
	}
	if i.clientInfo {
		answer["client_info"] = clientInfo(i.user)
	}
	return answer
}

func (i *issue) issuer() string { return i.origin + "/" + i.tenant + "/v2.0" }

// common are the claims that both tokens of a person have, and an
// application's.
func (i *issue) common() map[string]any {
	return map[string]any{
		"iss": i.issuer(),
		"iat": i.from.Unix(),
		"nbf": i.from.Unix(),
		"oid": i.objectID,
		"sub": i.objectID,
		"tid": i.tenant,
		"uti": i.id,
		"ver": "2.0",
	}
}

func (i *issue) accessToken() map[string]any {
	c := i.common()
	c["aud"] = i.scope.resource
	c["exp"] = i.expires(i.lifetime)
	c["appid"], c["azp"] = i.client, i.client
	c["appidacr"], c["azpacr"] = i.strength, i.strength
	c["ipaddr"] = i.ip
	if len(i.capabilities) > 0 {
		c["xms_cc"], c["xms_ssm"] = i.capabilities, "1"
	}
	if !i.person() {
		c["idtyp"], c["roles"] = "app", []string{"Mail.ReadWrite", "Mail.Send", "User.ReadWrite.All"}
		return c
	}
	c["idtyp"], c["scp"], c["sid"] = "user", i.scope.scp(), i.signin.session
	if i.graph {
		c["scp"] = i.scope.scp() + i.scope.identity()
	}
	c["name"], c["upn"], c["preferred_username"] = i.user.Name, i.user.Username, i.user.Username
	c["sub"] = pairwise(i.objectID, i.scope.resource)
	if len(i.contexts) > 0 {
		c["acrs"] = i.contexts
	}
	return c
}

func (i *issue) idToken() map[string]any {
	c := i.common()
	c["aud"], c["uti"] = i.client, tokenID(i.seq)
	c["exp"] = i.expires(time.Hour)
	c["sub"] = pairwise(i.objectID, i.client)
	c["sid"] = i.signin.session
	c["auth_time"] = i.signin.at.Unix()
	c["name"], c["preferred_username"] = i.user.Name, i.user.Username
	if i.nonce != "" {
		c["nonce"] = i.nonce
	}
	return c
}

// pairwise makes the subject identifier that one recipient knows a person by
// (OpenID Connect Core section 8.1).
func pairwise(objectID, recipient string) string {
	sum := sha256.Sum256([]byte(objectID + " " + recipient))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// clientInfo is the MSALs' home account id: base64url without padding.
func clientInfo(u User) string {
	b, err := json.Marshal(map[string]string{"uid": u.ObjectID, "utid": u.Tenant})
	must(err)
	return base64.RawURLEncoding.EncodeToString(b)
}
