package browsertest_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/fxrun/fxrun/runs"
)

func requestFor(job string) runs.Request { return runs.Request{Job: job} }

// TestPictures takes pictures of each page in light and dark, on a phone, and of a program
// with 0 and with 1,000 assets. UPDATE_PICTURES=1 keeps them in the folder that PICTURES
// names, or else those that README.md shows in docs/pictures.
func TestPictures(t *testing.T) {
	if os.Getenv("UPDATE_PICTURES") == "" {
		t.Skip("UPDATE_PICTURES=1 writes the pictures")
	}
	folder := os.Getenv("PICTURES")
	forReadme := folder == ""
	if forReadme {
		folder = "../../docs/pictures"
	}
	if err := os.MkdirAll(folder, 0o750); err != nil {
		t.Fatal(err)
	}
	w := &world{opened: make(chan struct{})}
	close(w.opened)
	address, launcher := serve(t, w.definitions())
	good, bad := launch(t, launcher, requestFor("nightly")), launch(t, launcher, requestFor("reports"))
	b := open(t, address)
	take := func(name, path string) {
		if forReadme && name != "run" && name != "launch" {
			return
		}
		b.show(path)
		if strings.HasPrefix(path, "/launch") && !strings.HasSuffix(name, "_phone") {
			b.writeYAML("resources:\n  warehouse:\n    config:\n      table: orders_2026\n      mode: appendd\n      ")
			b.see("#launch-faults", "mode")
			b.do(chromedp.KeyEvent(" ", chromedp.KeyModifiers(chromedp.ModifierCtrl)))
			b.see("#editor .cm-completionInfo", "connections")
		}
		b.wait(`document.readyState === "complete" && document.fonts.status === "loaded"`)
		if strings.Contains(path, "/assets/") {
			b.see(".value", "Lagos")
		}
		if err := os.WriteFile(filepath.Join(folder, name+".png"), b.picture(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, path := range map[string]string{
		"overview": "/", "lineage": "/lineage?resources=yes", "assets": "/assets", "asset": "/assets/raw/orders", "job": "/jobs/nightly", "runs": "/runs",
		"run": "/runs/" + good, "failed_run": "/runs/" + bad, "launch": "/launch?job=nightly", "resources": "/resources", "resource": "/resources/warehouse",
		"instance": "/instance", "automation": "/automation", "sensor": "/automation/sensor/tables", "design": "/design",
	} {
		take(name, path)
		b.scheme("dark")
		take(name+"_dark", path)
		b.scheme("light")
		b.do(chromedp.EmulateViewport(390, 844))
		take(name+"_phone", path)
		b.do(chromedp.EmulateViewport(1440, 1000))
	}
	b.base, _ = serve(t)
	take("nothing_defined", "/")
	b.base, _ = serve(t, many(50, 20))
	take("many_assets", "/lineage")
	take("many_assets_open", "/lineage?open=group_01&open=group_02")
}
