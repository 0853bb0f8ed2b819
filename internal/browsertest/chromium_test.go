package browsertest

import (
	"context"
	"encoding/json"
	"os/exec"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// patience ends a test whose page does not become what it waits for.
const patience = time.Minute

// chromium starts a browser with a profile of its own, which trusts any
// certificate, and returns its first tab.
func chromium(t *testing.T, more ...chromedp.ExecAllocatorOption) context.Context {
	t.Helper()
	var program string
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			program = path
			break
		}
	}
	if program == "" {
		t.Skip("needs Chromium (Debian and Ubuntu: apt-get install chromium)")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(program), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("ignore-certificate-errors", true), chromedp.UserDataDir(t.TempDir()))
	ctx, stop := chromedp.NewExecAllocator(context.Background(), append(options, more...)...)
	t.Cleanup(stop)
	ctx, stop = chromedp.NewContext(ctx, chromedp.WithErrorf(t.Logf))
	t.Cleanup(func() {
		_ = chromedp.Cancel(ctx) // waits for the browser to end
		stop()
	})
	require.NoError(t, chromedp.Do(ctx))
	return ctx
}

// do takes steps in a tab.
func do(t *testing.T, tab context.Context, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	ctx, stop := context.WithTimeout(tab, patience)
	defer stop()
	require.NoError(t, chromedp.Do(ctx, steps...))
}

// read takes a value from a tab.
func read[T any](t *testing.T, tab context.Context, from chromedp.Action[T]) T {
	t.Helper()
	ctx, stop := context.WithTimeout(tab, patience)
	defer stop()
	value, err := chromedp.Run(ctx, from)
	require.NoError(t, err)
	return value
}

// until waits until a JavaScript expression is true in the tab, which may be on
// its way to another page meanwhile.
func until(t *testing.T, tab context.Context, expression string) {
	t.Helper()
	ctx, stop := context.WithTimeout(tab, patience)
	defer stop()
	for {
		yes, err := chromedp.Run(ctx, chromedp.Evaluate[bool](expression))
		if err == nil && yes {
			return
		}
		if ctx.Err() != nil {
			t.Fatalf("%s never became true: %v", expression, err)
		}
		time.Sleep(20 * time.Millisecond) // a page tells nobody outside that it has changed
	}
}

// arrive waits until the tab shows an element of a page that is there whole.
// chromedp's own waiting fails with a page that is left meanwhile.
func arrive(t *testing.T, tab context.Context, selector string) {
	t.Helper()
	until(t, tab, showing(selector))
}

// showing is the expression that arrive waits for.
func showing(selector string) string {
	return `document.readyState === "complete" && document.querySelector(` + quoted(selector) + `)?.checkVisibility() === true`
}

func quoted(s string) string {
	b, _ := json.Marshal(s)
	return string(b)
}
