package tokensource

import "fmt"

// Format implements fmt.Formatter: no verb prints the tokens that the source
// holds.
func (s *Source) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "Source(%p)", s) }

// Format implements fmt.Formatter: no verb prints what the client holds.
func (c *Confidential) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "Confidential(%s %s)", c.authority.URL, c.tenant)
}

// Format implements fmt.Formatter: no verb prints what the client holds.
func (p *Public) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "Public(%s %s)", p.authority.URL, p.clientID)
}
