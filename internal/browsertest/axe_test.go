package browsertest

import (
	"context"
	"os"
	"testing"

	"github.com/chromedp/chromedp"
)

// violations are what axe finds in a page that the Web Content Accessibility
// Guidelines forbid, and what they recommend.
func violations(t *testing.T, tab context.Context) []string {
	t.Helper()
	axe, err := os.ReadFile("page/node_modules/axe-core/axe.min.js")
	if err != nil {
		t.Skip("needs axe-core: npm ci in internal/browsertest/page")
	}
	return read(t, tab, chromedp.Evaluate[[]string](string(axe)+`;
		axe.run(document).then(found => found.violations.map(v => v.id + ": " + v.nodes.map(n => n.html).join(" ")))`,
		chromedp.EvalAwaitPromise))
}
