package tokensource

import "fmt"

// Format implements fmt.Formatter: no verb prints the tokens that the source
// holds.
func (s *Source) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "Source(%p)", s) }
