package server_test

import (
	"context"
	"encoding/base64"
	"iter"
	"net/http"
	"strings"
	"testing"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/automation"
	"github.com/fxrun/fxrun/runs"
)

type picture []byte

const pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="

func shownDefinitions(opened gate) fx.Option {
	return fx.Options(
		assets.New("pixel", func() (picture, error) { return base64.StdEncoding.DecodeString(pixel) }),
		assets.New("page", func() (report, error) { return "<!doctype html><h1>Sums</h1>" + markup, nil }),
		assets.New("plain", func() (report, error) { return "no markup", nil }),
		assets.New("held", func(ctx context.Context) (report, error) { return "", opened.wait(ctx) }, assets.Pool("shop")),
		assets.New("waiting", func() (report, error) { return "", nil }, assets.Pool("shop")),
		assets.NewJob("shown", assets.Select("pixel or page or plain")),
		automation.NewSchedule("every/night", "30 2 * * *", "shown", automation.OffByDefault()),
		automation.NewSensor("looks", func(tick *automation.Tick) { tick.Skip("no") }, automation.For("shown")),
	)
}

func TestImagesAndHTMLAreShownAsWhatTheyAre(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil, shownDefinitions(make(gate)))
	s.make("pixel or page or plain")
	for key, want := range map[string]string{
		"pixel": `<img class="media" src="/media/pixel"`, "page": `<iframe class="media" sandbox src="/media/page"`, "plain": "no markup",
	} {
		if got := s.get("/values/" + key).body; !strings.Contains(got, want) || strings.Contains(got, "<script>alert") {
			t.Errorf("the value of %s is shown as\n%s", key, got)
		}
	}
	for key, media := range map[string]string{"pixel": "image/png", "page": "text/html"} {
		got := s.get("/media/" + key)
		policy := got.header.Get("Content-Security-Policy")
		if got.status != http.StatusOK || got.header.Get("Content-Type") != media || !strings.HasPrefix(policy, "sandbox;") || strings.Contains(policy, "script") ||
			got.header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s is answered by %d %v", key, got.status, got.header)
		}
	}
	for _, key := range []string{"plain", "none", "held"} {
		if got := s.get("/media/" + key); got.status == http.StatusOK || strings.Contains(got.header.Get("Content-Security-Policy"), "unsafe") {
			t.Errorf("%s is answered by %d", key, got.status)
		}
	}
}

func TestAnAssetLinksWhatMakesIt(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil, shownDefinitions(make(gate)))
	got := s.get("/assets/plain").body
	for _, want := range []string{`href="/jobs/shown"`, `href="/automation/schedule/every/night"`, `href="/automation/sensor/looks"`} {
		if !strings.Contains(got, want) {
			t.Errorf("the page of the asset has no link %s:\n%s", want, textOf(got))
		}
	}
	if other := s.get("/assets/waiting").body; strings.Contains(other, "Made by") {
		t.Errorf("an asset of no job is made by\n%s", textOf(other))
	}
}

func TestAssetsThatAreSelectedInTheLineageAreLaunched(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil, shownDefinitions(make(gate)))
	if got := s.get("/launch?asset=plain&asset=page").body; !strings.Contains(got, `value="plain or page"`) || !strings.Contains(textOf(got), "2 steps would run") {
		t.Errorf("the launch page says\n%s", textOf(got))
	}
}

func TestAPoolNamesItsHoldersAndWaiters(t *testing.T) {
	t.Parallel()
	opened := make(gate)
	s := newSite(t, nil, shownDefinitions(opened))
	run, err := s.launcher.Launch(t.Context(), runs.Request{Selection: "held"})
	if err != nil {
		t.Fatal(err)
	}
	held := "shop\n1\n0\nheld of " + run.ID() + "\n"
	s.waitForText("/instance", held)
	other, err := s.launcher.Launch(t.Context(), runs.Request{Selection: "waiting"})
	if err != nil {
		t.Fatal(err)
	}
	s.waitForText("/instance", held+"waiting of "+other.ID()+"\n")
	close(opened)
	_, _ = run.Wait(t.Context()), other.Wait(t.Context())
	s.waitForText("/instance", "shop\n1\n1\nheld\n")
}

func TestRunsAreListedByTheirAge(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil, shownDefinitions(make(gate)))
	id := s.make("plain")
	for _, last := range []string{"10 min", ""} {
		if got := s.get("/runs?last=" + strings.ReplaceAll(last, " ", "+")).body; !strings.Contains(got, id) {
			t.Errorf("within %q the run is not listed", last)
		}
	}
}

func TestAnAssetSaysWhichRowsMoveByReflection(t *testing.T) {
	t.Parallel()
	type sample struct{ ID int }
	stream := func() iter.Seq2[sample, error] { return nil }
	const hint = "Rows\nserver_test.sample by reflection, faster with assets.RowsOf\n"
	if got := textOf(newSite(t, nil, assets.New("samples", stream)).get("/assets/samples").body); !strings.Contains(got, hint) {
		t.Errorf("the page of the asset has no hint:\n%s", got)
	}
	if got := textOf(newSite(t, nil, assets.New("samples", stream, assets.RowsOf[sample]())).get("/assets/samples").body); strings.Contains(got, "reflection") {
		t.Errorf("the page of an asset with the option has the hint:\n%s", got)
	}
}
