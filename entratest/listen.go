package entratest

import (
	"fmt"

	"github.com/msalcae/msalcae/entratest/internal/site"
)

// listenAll opens the sites of a server: the authority, the API, and all else.
func listenAll(n site.Network, c Config) (all [4]*site.Site, err error) {
	for i, want := range []struct {
		what, name string
		port       int
	}{
		{"authority", "login", c.AuthorityPort}, {"API", "graph", c.APIPort}, {"upload host", "files", c.UploadPort},
		{"managed identity endpoint", "metadata", c.IdentityPort},
	} {
		if all[i], err = site.Listen(n, want.name+"."+memoryDomain, want.port); err != nil {
			for _, open := range all[:i] {
				open.Close()
			}
			return all, fmt.Errorf("entratest: the %s cannot listen: %w", want.what, err)
		}
	}
	all[3].Plain = true
	return all, nil
}
