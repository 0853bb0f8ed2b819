package clouds_test

import (
	"regexp"
	"testing"

	"github.com/msalcae/msalcae/internal/clouds"
	"github.com/stretchr/testify/assert"
)

// Every host is of one cloud alone, and written as it is compared.
func TestHosts(t *testing.T) {
	name := regexp.MustCompile(`^([a-z0-9-]+\.)+[a-z]+$`)
	seen := map[string]bool{}
	for _, c := range clouds.All {
		assert.Contains(t, c.Login, c.Cache)
		for _, host := range append(append([]string{}, c.Login...), c.Graph...) {
			assert.Regexp(t, name, host)
			assert.False(t, seen[host], "%s is listed twice", host)
			seen[host] = true
		}
		for _, host := range c.Login {
			assert.Same(t, c, clouds.OfLogin(host))
			assert.Nil(t, clouds.OfGraph(host))
		}
		for _, host := range c.Graph {
			assert.Same(t, c, clouds.OfGraph(host))
			assert.Nil(t, clouds.OfLogin(host))
		}
	}
	assert.Same(t, clouds.Worldwide, clouds.All[0])
	for _, host := range []string{"", "login.microsoftonline.com.evil.example", "evil-login.microsoftonline.com", "microsoftonline.com", "LOGIN.MICROSOFTONLINE.COM"} {
		assert.Nil(t, clouds.OfLogin(host), host)
	}
}
