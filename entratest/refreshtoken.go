package entratest

import (
	"slices"
	"strconv"
	"time"
)

// An Expiry is why refresh tokens are not good any more: the AADSTS code that
// they are answered with.
type Expiry int

// The reasons that Entra is known to give.
const (
	ExpiredByInactivity      Expiry = 700082 // not used for 90 days
	ExpiredBySignInFrequency Expiry = 70043  // the policy wants people to sign in again: sessions end as well
	ExpiredSinglePageApp     Expiry = 700084 // 24 hours after the sign-in
	ExpiredGrant             Expiry = 70008  // for no reason that is given
	InvalidGrant             Expiry = 70000  // as if it had never been issued
)

// ExpireRefreshTokens ends the refresh tokens that a user's clients hold so far.
// Access tokens stay good, and so do sessions unless why is
// ExpiredBySignInFrequency. The user is named as for Revoke.
func (s *Server) ExpireRefreshTokens(user string, why Expiry) {
	if !slices.Contains([]Expiry{ExpiredByInactivity, ExpiredBySignInFrequency, ExpiredSinglePageApp, ExpiredGrant, InvalidGrant}, why) {
		panic("entratest: ExpireRefreshTokens: " + strconv.Itoa(int(why)) + " is no reason")
	}
	s.happen(user, func(p *principal, seq uint64) {
		p.expiry, p.expiredFrom = why, seq
		if why == ExpiredBySignInFrequency {
			p.sessionsFrom = seq
		}
	})
}

// refreshTokenLife is how long an unused refresh token lives.
const refreshTokenLife = 90 * 24 * time.Hour

// refusal returns why a refresh token is not good any more; nil: it is.
func (rt *refreshToken) refusal(now time.Time) *aadError {
	u := rt.user
	switch {
	case u.blocked != 0:
		return aad(u.blocked)
	case rt.seq < u.validFrom:
		return aad(50173, isoTime(rt.issued), isoTime(u.validFromAt))
	case rt.seq < u.passwordFrom && !rt.app.confidential():
		return aad(50173, isoTime(rt.issued), isoTime(u.passwordFromAt))
	case rt.seq < u.expiredFrom:
		return u.expiry.error(rt)
	case !rt.singlePage.IsZero() && now.Sub(rt.singlePage) > singlePageLife:
		return ExpiredSinglePageApp.error(rt)
	case now.Sub(rt.issued) > refreshTokenLife:
		return ExpiredByInactivity.error(rt)
	case rt.family.dead:
		return InvalidGrant.error(rt)
	}
	return nil
}

func (e Expiry) error(rt *refreshToken) *aadError {
	switch e {
	case InvalidGrant:
		return aad(int(e)).as("invalid_grant", "bad_token")
	case ExpiredBySignInFrequency:
		return aad(int(e), isoTime(rt.issued), "86400")
	}
	return aad(int(e), isoTime(rt.issued))
}
