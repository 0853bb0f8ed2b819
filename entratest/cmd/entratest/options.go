package main

import (
	"errors"
	"flag"
	"io"

	"github.com/msalcae/msalcae/entratest"
)

type options struct {
	server    entratest.Config
	adminPort int
	config    string
	stay      bool
}

func parseOptions(args []string, log io.Writer) (o options, err error) {
	flags := flag.NewFlagSet("entratest", flag.ContinueOnError)
	flags.SetOutput(log)
	flags.IntVar(&o.server.AuthorityPort, "authority-port", 0, "`port` of the authority on 127.0.0.1; 0 is any free one")
	flags.IntVar(&o.server.APIPort, "api-port", 0, "`port` of the API; 0 is any free one")
	flags.IntVar(&o.server.UploadPort, "upload-port", 0, "`port` of the host of upload sessions; 0 is any free one")
	flags.IntVar(&o.adminPort, "admin-port", 0, "`port` of the admin endpoints; 0 is any free one")
	flags.IntVar(&o.server.IdentityPort, "identity-port", 0, "`port` of managed identities; 0 is any free one")
	flags.StringVar(&o.server.Tenant, "tenant", "", "`id` of the tenant, a GUID")
	flags.StringVar(&o.config, "config", "", "`file` with users, applications and switches (JSON)")
	flags.BoolVar(&o.stay, "stay", false, "do not end when standard input does")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return o, err
		}
		return o, usageError{err}
	}
	if flags.NArg() > 0 {
		return o, errors.New("unexpected argument " + flags.Arg(0) + "; -help lists the flags")
	}
	return o, nil
}
