package browsertest_test

import (
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// TestTheFirstAfternoon does what a person does who has just started the pages.
func TestTheFirstAfternoon(t *testing.T) {
	w := &world{opened: make(chan struct{})}
	address, _ := serve(t, w.definitions())
	b := open(t, address)

	b.show("/")
	b.see("main", "Nothing has run yet")
	b.click(`main a[href="/lineage"]`)
	b.see("svg.drawing", "raw/orders")
	b.checkAccess("the graph")
	b.do(chromedp.Focus(`a.node[data-id="asset raw/orders"]`), chromedp.KeyEvent(kb.ArrowRight))
	b.wait(`document.activeElement.dataset.id === "asset revenue"`)
	b.do(chromedp.KeyEvent(" "))
	b.see("#picked-count", "1 selected")
	b.click("#picked button")
	b.wait(`document.querySelector("#what [name=select]")?.value === "revenue"`)

	b.show("/launch?job=nightly")
	b.see("#launch-faults", "resources.warehouse.config.table: missing")
	table, conns := `input[name="resources.warehouse.config.table"]`, `input[name="resources.warehouse.config.max_conns"]`
	b.wait(`document.querySelector('` + table + `').getAttribute("aria-invalid") === "true"`)
	b.write(table, "orders_2026")
	b.see("#launch-faults", "2 steps would run")
	b.wait(`document.querySelector("#yaml").value.includes("table: orders_2026")`)
	b.write(conns, "many")
	b.see("#launch-faults", "max_conns")
	b.wait(`document.querySelector('` + conns + `').value === "many" && document.activeElement.name.endsWith("max_conns")`)
	b.write(conns, "7")
	b.see("#launch-faults", "2 steps would run")
	b.wait(`document.querySelector("#yaml").value.includes("max_conns: 7")`)
	b.writeYAML("resources:\n  warehouse:\n    config:\n      tabel: x")
	b.see("#launch-faults", `did you mean "table"?`)
	b.wait(`[...document.querySelectorAll("#editor .cm-lintRange-error")].some((mark) => mark.textContent.includes("tabel"))`)
	b.writeYAML("resources:\n  warehouse:\n    config:\n      ta")
	b.see("#editor .cm-tooltip-autocomplete", "table")
	b.complete("      table: ")
	b.insert("orders_2026")
	b.do(chromedp.KeyEvent("\x1b")) // Escape closes what is offered
	b.see("#launch-faults", "2 steps would run")
	b.wait(`document.querySelector('` + table + `').value === "orders_2026"`)
	b.click(`[data-config-set$="max_conns"]`)
	b.see("#launch-faults", "BROWSERTEST_WAREHOUSE_MAX_CONNS")
	b.wait(`document.querySelector("#yaml").value.includes("max_conns: {env: BROWSERTEST_WAREHOUSE_MAX_CONNS}")`)
	b.click(`[data-config-set$="max_conns"]`)
	b.see("#launch-faults", "2 steps would run")
	b.checkAccess("the launch page")

	b.click("button.big")
	b.see("#head", "running")
	b.see("#lines", "asking the shop")
	close(w.opened)
	b.see("#head", "succeeded")
	b.see("#timeline", "warehouse")
	b.see("#lines", "run succeeded")
	b.wait(`[...document.querySelectorAll("#head time")].every((time) => time.textContent.startsWith("today"))`) // also after the live changes
	b.checkAccess("the page of a run")
	b.checkPolicy()

	b.show("/assets/raw/orders")
	b.see(".value", "Lagos")
	b.show("/runs")
	b.click("tbody a")
	b.click(`form[action$="/retry"] button`)
	b.see("#head", "Repeats")
	b.see("#head", "succeeded")
	b.show("/assets/raw/orders")
	b.wait(`document.querySelector(".plots figure svg path.curve")`)
	b.checkAccess("the page of an asset")

	b.show("/launch?job=reports")
	b.click("button.big")
	b.see("#head", "failed")
	b.see("#faults", `did you mean "arrival_delay"?`)
	b.see("#faults", "reading the template")
	b.checkAccess("the page of a failed run")
	b.drag("#timeline .lane svg", 0.4, 0.9)
	b.wait(`Number(document.querySelector("#timeline").dataset.from) > 0`)
	b.click(`.zoom a[title="The whole run"]`)
	b.wait(`document.querySelector("#timeline").dataset.from === "0"`)
	w.repaired.Store(true)
	b.click(`form[action$="/retry"] button.main`)
	b.see("#head", "succeeded")
	b.see("#head", "Repeats")

	b.show("/automation")
	b.click(`a[href="/automation/schedule/every_night"]`)
	b.click(`button[value="on"]`)
	b.see(".head", "Turn it off")
	b.show("/automation/sensor/tables")
	b.click(`form[hx-post] button`)
	b.see("#tick-preview", "table=orders_2027")
	b.checkAccess("the preview of a tick")

	b.press("/")
	b.wait(`document.activeElement === document.querySelector("#palette input") && document.activeElement.value === ""`)
	b.do(chromedp.SendKeys("#palette input", "reven"))
	b.see("#palette .found", "revenue")
	b.do(chromedp.KeyEvent("\r"))
	b.see("h1", "revenue")
	b.checkPolicy()
}

// TestEveryPageIsForEverybody checks each page for readers with a screen reader or weak
// eyes, in light and dark, and on a phone.
func TestEveryPageIsForEverybody(t *testing.T) {
	w := &world{opened: make(chan struct{})}
	close(w.opened)
	address, launcher := serve(t, w.definitions())
	good, bad := launch(t, launcher, requestFor("nightly")), launch(t, launcher, requestFor("reports"))
	b := open(t, address)
	for _, path := range []string{
		"/", "/lineage?resources=yes", "/assets", "/assets/raw/orders", "/jobs", "/jobs/nightly", "/runs", "/runs/" + good, "/runs/" + bad,
		"/runs/" + bad + "/compare?with=" + good, "/launch?job=nightly", "/resources", "/resources/warehouse", "/automation", "/automation/sensor/tables", "/instance", "/search?q=re", "/design", "/nothing",
	} {
		for _, scheme := range []string{"light", "dark"} {
			b.scheme(scheme)
			b.show(path)
			b.checkAccess(path + " in " + scheme)
		}
		b.do(chromedp.EmulateViewport(390, 844))
		b.show(path)
		b.wait("document.documentElement.scrollWidth <= 390")
		b.do(chromedp.EmulateViewport(1440, 1000))
	}
}
