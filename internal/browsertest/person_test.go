package browsertest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"
)

// A person sits at a browser of their own and does what a program asks for.
type person struct {
	t   *testing.T
	tab context.Context

	mu         sync.Mutex
	complaints []string // of the console: a script that failed, a policy that forbade something
}

func newPerson(t *testing.T) *person {
	t.Helper()
	p := &person{t: t}
	p.tab = chromium(t, chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1, EXCLUDE ::1"))
	go func() {
		for m, err := range chromedp.Console(p.tab) {
			if err != nil {
				return
			}
			if text := fmt.Sprint(m); m.IsException() || strings.Contains(text, "Security Policy") {
				p.mu.Lock()
				p.complaints = append(p.complaints, text)
				p.mu.Unlock()
			}
		}
	}()
	return p
}

// quit ends the browser, and not gently.
func (p *person) quit() error { return chromedp.FromContext(p.tab).Browser.Process().Kill() }

// try takes steps; unlike do it may be called where a program waits.
func (p *person) try(steps ...chromedp.Action[chromedp.Void]) error {
	ctx, stop := context.WithTimeout(p.tab, patience)
	defer stop()
	return chromedp.Do(ctx, steps...)
}

func (p *person) open(url string) error { return p.try(chromedp.Navigate(url)) }

func (p *person) click(button string) error { return p.try(chromedp.Click(chromedp.CSS(button))) }

// signIn fills Entra's form in.
func (p *person) signIn(user, password string) error {
	return p.try(
		chromedp.SetValue(chromedp.CSS("#login"), user),
		chromedp.SendKeys(chromedp.CSS("#passwd"), password),
		chromedp.Click(chromedp.CSS("#signin button")),
	)
}

// asked is a Browser.Open: the person opens the page, and does the next of acts.
func (p *person) asked(acts ...func() error) func(string) error {
	return func(url string) error {
		if len(acts) == 0 {
			return errors.New("nobody expected to be asked again")
		}
		act := acts[0]
		acts = acts[1:]
		if err := p.open(url); err != nil {
			return err
		}
		return act()
	}
}

// shown waits for a page of the program's own and returns its heading, its text
// and its address.
func (p *person) shown() (heading, text, at string) {
	p.t.Helper()
	until(p.t, p.tab, showing("main h1")+` && location.hostname === "localhost"`) // Entra is at 127.0.0.1
	heading = read(p.t, p.tab, chromedp.Text(chromedp.CSS("main h1")))
	text = strings.Join(strings.Fields(read(p.t, p.tab, chromedp.Text(chromedp.CSS("main")))), " ")
	return heading, text, read(p.t, p.tab, chromedp.Location())
}
