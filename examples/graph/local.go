package main

import (
	"fmt"
	"io"
	"regexp"
	"time"

	"github.com/msalcae/msalcae/cache"
	"github.com/msalcae/msalcae/entratest"
)

// local starts an Entra inside this program, at which a scripted person signs
// in: to try the commands out before there is an application to try them with.
func local(errout io.Writer) *place {
	s := entratest.NewServer()
	s.SetDeviceCodes(entratest.DeviceCodes{Interval: time.Second})
	fmt.Fprintf(errout, "graph: MSALCAE_CLIENT_ID is not set: using a local Entra ID, at which %s signs in by herself and which is gone when this command ends\n", s.Username())
	return &place{
		authority: s.Authority(),
		clientID:  s.PublicClientID(),
		graph:     s.API(),
		scope:     s.Scope(),
		transport: s.Client().Transport,
		openPage:  s.SignIn,
		cache:     func(io.Writer) *cache.Cache { return nil },
		watch:     func(w io.Writer) io.Writer { return &scriptedReader{w, s} },
		close:     s.Close,
	}
}

// A scriptedReader reads what is written for a person, and enters the code.
type scriptedReader struct {
	io.Writer
	server *entratest.Server
}

var pageAndCode = regexp.MustCompile(`page (\S+) and enter the code (\S+) to`)

func (r *scriptedReader) Write(p []byte) (int, error) {
	if m := pageAndCode.FindSubmatch(p); m != nil {
		if err := r.server.EnterCode(string(m[1]), string(m[2])); err != nil {
			return 0, err
		}
	}
	return r.Writer.Write(p)
}
