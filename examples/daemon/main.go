// Command daemon counts the users of a tenant again and again, as itself and
// unattended. When its tokens are revoked it obtains others, and when Entra or
// Graph are in trouble it says so and goes on.
//
//	MSALCAE_CLIENT_ID      the application's id
//	MSALCAE_TENANT         the tenant's id
//	MSALCAE_AUTHORITY      default: https://login.microsoftonline.com
//	MSALCAE_GRAPH          default: https://graph.microsoft.com/v1.0
//	MSALCAE_EVERY          how often, such as 30s; default: 1m
//
// It proves to be that application with the first of these that is set:
//
//	MSALCAE_CERTIFICATE         a PEM file with a certificate and its private key
//	MSALCAE_CLIENT_SECRET       a secret
//	AZURE_FEDERATED_TOKEN_FILE  the token of a platform, with its siblings, which
//	                            also name the application and the tenant
//
// and with none of them it uses the managed identity of the machine, which
// needs no other setting.
package main

import (
	"cmp"
	"context"
	"fmt"
	"log"
	"net/http"
	"os"
	"os/signal"
	"time"

	"github.com/msalcae/msalcae"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	every, err := time.ParseDuration(cmp.Or(os.Getenv("MSALCAE_EVERY"), "1m"))
	if err != nil || every <= 0 {
		log.Fatal("MSALCAE_EVERY is not a duration such as 30s")
	}
	graph := cmp.Or(os.Getenv("MSALCAE_GRAPH"), "https://graph.microsoft.com/v1.0")
	source, err := identity(graphScope(graph), nil)
	if err != nil {
		log.Fatal(err)
	}
	d := &daemon{graph: graph, client: (&msalcae.Transport{Source: source, Trace: trace()}).Client(), say: log.Printf}
	d.run(ctx, every)
}

// trace tells the log what happens below the calls.
func trace() *msalcae.Trace {
	return &msalcae.Trace{
		Challenged: func(_ context.Context, i msalcae.ChallengedInfo) {
			log.Printf("%s refused the token: %s", i.Host, i.Reason)
		},
		Acquired: func(_ context.Context, i msalcae.AcquiredInfo) {
			if i.Err == nil {
				log.Printf("new token until %s", i.ExpiresOn.Format(time.TimeOnly))
			}
		},
	}
}

// A daemon does its work until it is stopped.
type daemon struct {
	graph  string
	client *http.Client
	say    func(format string, args ...any)
}

func (d *daemon) run(ctx context.Context, every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		if n, err := d.count(ctx); err == nil {
			d.say("%d users", n)
		} else if ctx.Err() == nil {
			d.say("not counted this time: %v", err) // errors of msalcae hold no secret
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// count follows the pages of the list. Graph says where the next one is; the
// token goes there only if that is Graph.
func (d *daemon) count(ctx context.Context) (n int, err error) {
	for next := d.graph + "/users?$select=id"; next != ""; {
		var page struct {
			Value []struct{} `json:"value"`
			Next  string     `json:"@odata.nextLink"`
		}
		if err := d.get(ctx, next, &page); err != nil {
			return 0, err
		}
		n += len(page.Value)
		next = page.Next
	}
	return n, nil
}

func (d *daemon) get(ctx context.Context, url string, into any) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := d.client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("graph answered %s", resp.Status)
	}
	return decode(resp.Body, into)
}
