package browsertest_test

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

//go:embed testdata/axe.min.js
var axe string

// patience is how long a test waits for something to appear.
const patience = 60 * time.Second

// browser is a tab of a real browser.
type browser struct {
	t    testing.TB
	ctx  context.Context
	base string
}

// open opens a tab for the pages at an address. Where there is no browser the test is
// skipped, unless CI is set.
func open(t testing.TB, base string) *browser {
	t.Helper()
	var program string
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			program = found
			break
		}
	}
	if program == "" {
		if os.Getenv("CI") != "" {
			t.Fatal("there is no browser (apt-get install chromium)")
		}
		t.Skip("there is no browser")
	}
	limit, stop := context.WithTimeout(context.Background(), 4*time.Minute)
	allocated, free := chromedp.NewExecAllocator(limit, chromedp.ExecPath(program), chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.NoFirstRun, chromedp.WindowSize(1440, 1000))
	ctx, end := chromedp.NewContext(allocated)
	t.Cleanup(func() {
		_ = chromedp.Cancel(ctx) // the browser may have ended already
		end()
		free()
		stop()
	})
	if err := chromedp.Do(ctx); err != nil { // the browser lives as long as the context of the first call
		t.Fatal(err)
	}
	b := &browser{t: t, ctx: ctx, base: base}
	b.do(chromedp.EmulateViewport(1440, 1000), command(page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{
		Source: `window.violations = []; addEventListener("securitypolicyviolation", (e) => violations.push([e.violatedDirective, e.blockedURI, e.sourceFile, e.lineNumber, e.columnNumber].join(" ")));`,
	}))
	return b
}

// command sends a command of the protocol of the browser.
func command[P, R any](cmd cdp.Command[P, R], params P) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, cmd, params)
		return err
	})
}

func (b *browser) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		b.t.Fatalf("%v; the page says\n%s", err, b.text("main"))
	}
}

// show opens a page, and checks that the page before broke no rule of the policy.
func (b *browser) show(path string) {
	b.t.Helper()
	b.checkPolicy()
	b.do(chromedp.Navigate(b.base + path))
}

// checkPolicy fails if the page has tried what its policy forbids.
func (b *browser) checkPolicy() {
	b.t.Helper()
	violations, err := chromedp.Run(b.ctx, chromedp.Evaluate[[]string]("window.violations ?? []"))
	if err != nil {
		b.t.Fatal(err)
	}
	if len(violations) > 0 {
		b.t.Errorf("the page breaks its policy: %v", violations)
	}
}

// text returns what a reader sees of an element; "" if there is none.
func (b *browser) text(selector string) string {
	b.t.Helper()
	got, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](fmt.Sprintf("document.querySelector(%q)?.innerText ?? ''", selector)))
	if err != nil {
		return err.Error()
	}
	return got
}

// see waits until an element has a text.
func (b *browser) see(selector, text string) {
	b.t.Helper()
	b.wait(fmt.Sprintf("((e) => e?.innerText ?? e?.textContent ?? '')(document.querySelector(%q)).includes(%q)", selector, text))
}

// wait waits until an expression is true. While the browser goes to another page there is
// nothing to ask, so it asks again.
func (b *browser) wait(expression string) {
	b.t.Helper()
	var err error
	for began := time.Now(); time.Since(began) < patience; {
		var isTrue bool
		isTrue, err = chromedp.Run(b.ctx, chromedp.Evaluate[bool]("Boolean("+expression+")"))
		if isTrue {
			return
		}
		b.do(chromedp.Sleep(20 * time.Millisecond))
	}
	b.t.Fatalf("waiting for %s: %v; the page says\n%s", expression, err, b.text("main"))
}

// click clicks as a person does, through the input of the browser.
func (b *browser) click(selector string) {
	b.t.Helper()
	b.do(chromedp.Click(selector))
}

// hover puts the mouse over an element.
func (b *browser) hover(selector string) {
	b.t.Helper()
	at, err := chromedp.Run(b.ctx, chromedp.Evaluate[[]float64](fmt.Sprintf(
		"((r) => [r.left + r.width / 2, r.top + r.height / 2])(document.querySelector(%q).getBoundingClientRect())", selector)))
	if err != nil {
		b.t.Fatal(err)
	}
	b.do(chromedp.MouseEvent(input.DispatchMouseEventTypeMouseMoved, at[0], at[1]))
}

// drag drags the mouse over an element, from one part of its width to another one.
func (b *browser) drag(selector string, from, to float64) {
	b.t.Helper()
	b.do(chromedp.ScrollIntoView(selector))
	at, err := chromedp.Run(b.ctx, chromedp.Evaluate[[]float64](fmt.Sprintf(
		"((r) => [r.left, r.width, r.top + r.height / 2])(document.querySelector(%q).getBoundingClientRect())", selector)))
	if err != nil {
		b.t.Fatal(err)
	}
	pressed := func(event input.DispatchMouseEventType, part float64) {
		b.do(command(input.DispatchMouseEvent, input.DispatchMouseEventParams{
			Type: event, X: at[0] + part*at[1], Y: at[2], Button: input.MouseButtonLeft, ClickCount: 1,
		}))
	}
	pressed(input.DispatchMouseEventTypeMousePressed, from)
	pressed(input.DispatchMouseEventTypeMouseMoved, to)
	pressed(input.DispatchMouseEventTypeMouseReleased, to)
}

// write types into a field, in place of what it had.
func (b *browser) write(selector, text string) {
	b.t.Helper()
	b.do(chromedp.Focus(selector))
	if _, err := chromedp.Run(b.ctx, chromedp.Evaluate[any](fmt.Sprintf("document.querySelector(%q).select()", selector))); err != nil {
		b.t.Fatal(err)
	}
	if text == "" {
		text = "\b"
	}
	b.do(chromedp.SendKeys(selector, text))
}

// insert types a text at the caret.
func (b *browser) insert(text string) {
	b.t.Helper()
	b.do(command(input.InsertText, input.InsertTextParams{Text: text}))
}

// writeYAML types into the editor of the launch page, in place of what it had.
func (b *browser) writeYAML(text string) {
	b.t.Helper()
	b.wait(`document.querySelector("#editor .cm-content")`)
	b.click("#editor .cm-content")
	b.do(chromedp.KeyEvent("a", chromedp.KeyModifiers(chromedp.ModifierCtrl)))
	b.insert(text)
}

// complete takes what the editor offers first, until the text ends with it. The list is made
// anew while one types, so that a click may miss it.
func (b *browser) complete(end string) {
	b.t.Helper()
	b.wait(fmt.Sprintf(`document.querySelector("#yaml").value.endsWith(%q) ||
		!document.querySelector("#editor .cm-tooltip-autocomplete li[aria-selected]")?.dispatchEvent(new MouseEvent("mousedown", { bubbles: true, cancelable: true })) && false`, end))
}

// press presses a key. chromedp.KeyEvent sends the character of a key on its own, so that
// the page could not keep the character from the field that gets the focus.
func (b *browser) press(key string) {
	b.t.Helper()
	for _, kind := range []input.DispatchKeyEventType{input.DispatchKeyEventTypeKeyDown, input.DispatchKeyEventTypeKeyUp} {
		event := input.DispatchKeyEventParams{Type: kind, Key: key}
		if kind == input.DispatchKeyEventTypeKeyDown {
			event.Text = key
		}
		b.do(command(input.DispatchKeyEvent, event))
	}
}

// scheme makes the pages light or dark.
func (b *browser) scheme(name string) {
	b.t.Helper()
	b.do(command(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: name}}}))
}

// checkAccess fails if axe finds something that a person with a screen reader, or with
// weak eyes, cannot use.
func (b *browser) checkAccess(what string) {
	b.t.Helper()
	if _, err := chromedp.Run(b.ctx, chromedp.Evaluate[any](axe+"; null")); err != nil {
		b.t.Fatal(err)
	}
	found, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](
		`axe.run().then((result) => JSON.stringify(result.violations.map((v) => v.id + ": " + v.nodes.map((n) => n.html + " " + n.failureSummary).slice(0, 3).join(" | "))))`,
		chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatal(err)
	}
	var violations []string
	if err := json.Unmarshal([]byte(found), &violations); err != nil {
		b.t.Fatal(err)
	}
	if len(violations) > 0 {
		b.t.Errorf("%s: %s", what, strings.Join(violations, "\n"))
	}
}

// picture returns a picture of what is seen.
func (b *browser) picture() []byte {
	b.t.Helper()
	png, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		b.t.Fatal(err)
	}
	return png
}
