package msalcae

import "fmt"

// Format implements fmt.Formatter: no verb prints the token that was sent last.
func (t *Transport) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "Transport{Source: %v, Hosts: %q}", t.Source, t.Hosts)
}
