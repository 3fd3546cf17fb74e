package server_test

import (
	"errors"
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/fx"

	"github.com/fxrun/fxrun"
	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/automation"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/internal/goldentest"
	"github.com/fxrun/fxrun/runs"
	"github.com/fxrun/fxrun/server"
)

// automated has a schedule and three sensors.
func automated() fx.Option {
	return fx.Options(
		assets.New("orders", func() (report, error) { return "", nil }, assets.Pool("shop")),
		assets.NewJob("nightly", assets.Select("orders")),
		automation.NewSchedule("every/night", "30 2 * * *", "nightly", automation.Describe("Every night. "+markup), automation.OffByDefault()),
		automation.NewSensor("tables", func(tick *automation.Tick) []automation.RunRequest {
			tick.SetCursor(markup)
			return []automation.RunRequest{{Key: markup, Tags: map[string]string{"table": markup}}}
		}, automation.For("nightly")),
		automation.NewSensor("skips", func(tick *automation.Tick) { tick.Skip("nothing new, " + markup) }, automation.For("nightly")),
		automation.NewSensor("fails", func() error { return errors.New("asking the shop: it is closed, " + markup) }, automation.For("nightly")),
	)
}

func TestSchedulesAndSensorsHaveAPage(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil, automated())
	for name, path := range map[string]string{"automation": "/automation", "schedule": "/automation/schedule/every/night", "search_automation": "/search?q=tables"} {
		t.Run("the text of "+name+" is as it was", func(t *testing.T) {
			t.Parallel()
			got := s.get(path)
			if got.status != http.StatusOK || strings.Contains(got.body, "<script>alert") {
				t.Fatalf("%s answers %d: %s", path, got.status, got.body)
			}
			goldentest.File(t, name+".golden", textOf(got.body))
		})
	}
	t.Run("a wrong name leads to the nearest", func(t *testing.T) {
		t.Parallel()
		for _, path := range []string{"/automation/sensor/table", "/automation/sensors/tables", "/automation/schedule/tables"} {
			if got := s.get(path); got.status != http.StatusNotFound {
				t.Errorf("%s answers %d", path, got.status)
			}
		}
		if got := s.get("/automation/sensor/table"); !strings.Contains(textOf(got.body), `did you mean "tables"`) || !strings.Contains(got.body, `<a href="/automation/sensor/tables">`) {
			t.Errorf("the page says\n%s", textOf(got.body))
		}
		if got := s.get("/automation/schedule/every/nigt"); !strings.Contains(got.body, `<a href="/automation/schedule/every/night">`) {
			t.Errorf("the page says\n%s", textOf(got.body))
		}
	})
	t.Run("a job names what launches it", func(t *testing.T) {
		t.Parallel()
		if got := textOf(s.get("/jobs/nightly").body); !strings.Contains(got, "Schedules\nevery/night\nSensors\nfails\n,\nskips\n,\ntables\n") {
			t.Errorf("the page says\n%s", got)
		}
	})
	t.Run("the pools of the steps are on the page of the instance", func(t *testing.T) {
		t.Parallel()
		if got := textOf(s.get("/instance").body); !strings.Contains(got, "shop\n1\n1\norders\n") {
			t.Errorf("the page says\n%s", got)
		}
	})
}

func TestAScheduleIsTurnedOnAndOffByTheSwitch(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil, automated())
	const path = "/automation/schedule/every/night"
	var seen []string
	for _, do := range []string{"on", "off"} {
		got := s.post(path, "do", do)
		if got.status != http.StatusSeeOther || got.header.Get("Location") != path {
			t.Fatalf("the switch is answered by %d: %s", got.status, textOf(got.body))
		}
		for _, button := range []string{"Turn it on", "Turn it off"} {
			if strings.Contains(textOf(s.get(path).body), button) {
				seen = append(seen, button)
			}
		}
	}
	if diff := cmp.Diff([]string{"Turn it off", "Turn it on"}, seen); diff != "" {
		t.Errorf("the buttons differ (-want +got):\n%s", diff)
	}
	if got := s.post(path, "do", "else"); got.status != http.StatusNotFound {
		t.Errorf("an unknown action is answered by %d", got.status)
	}
}

func TestAPreviewOfATickShowsWhatItWouldDo(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil, automated())
	for path, want := range map[string]string{
		"sensor/tables": `table=<script>alert("x")</`, "sensor/skips": "It would be skipped: nothing new, " + markup, "sensor/fails": "it is closed, " + markup,
		"schedule/every/night": "nightly",
	} {
		got := s.post("/automation/"+path, "do", "preview")
		if got.status != http.StatusOK || !strings.Contains(textOf(got.body), want) || strings.Contains(got.body, "<script>alert") {
			t.Errorf("the preview of %s answers %d without %q:\n%s", path, got.status, want, textOf(got.body))
		}
	}
	records, err := s.inspect.Runs(t.Context(), history.RunQuery{})
	if err != nil || len(records) != 0 {
		t.Errorf("the previews have made %d runs, %v", len(records), err)
	}
}

func TestATickIsPreviewedForATimeOrWithACursor(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil, fx.Options(
		assets.New("orders", func() int { return 1 }), assets.NewJob("nightly", assets.Select("orders")),
		automation.NewSchedule("hourly", "0 * * * *", func(tick *automation.Tick) []automation.RunRequest {
			return []automation.RunRequest{{Key: tick.Scheduled().UTC().Format(time.RFC3339)}}
		}, automation.For("nightly"), automation.OffByDefault()),
		automation.NewSensor("files", func(tick *automation.Tick) []automation.RunRequest {
			return []automation.RunRequest{{Key: "after_" + tick.Cursor()}}
		}, automation.For("nightly"), automation.OffByDefault()),
		automation.NewSensor("follows", func() {}, automation.For("nightly")),
	))
	preview := func(path string, form ...string) string {
		got := s.post("/automation/"+path, append(form, "do", "preview")...)
		return textOf(strings.ReplaceAll(got.body, "<wbr>", ""))
	}
	for _, c := range []struct {
		path string
		form []string
		want string
	}{
		{"schedule/hourly", []string{"at", "2026-01-31T15:00", "zone", "Europe/Berlin"}, "2026-01-31T14:00:00Z"},
		{"schedule/hourly", []string{"at", "2026-01-31T15:00:00Z", "zone", ""}, "2026-01-31T15:00:00Z"},
		{"schedule/hourly", []string{"at", "soon", "zone", "UTC"}, `"soon"`},
		{"schedule/hourly", []string{"at", "2026-01-31T15:00", "zone", "Nowhere"}, `there is no zone "Nowhere"`},
		{"sensor/files", []string{"cursor", "b.csv"}, "after_b.csv"},
		{"sensor/files", nil, "after_"},
	} {
		if got := preview(c.path, c.form...); !strings.Contains(got, c.want) {
			t.Errorf("%s with %q says\n%s", c.path, c.form, got)
		}
	}
	if got := s.post("/automation/sensor/files", "do", "cursor", "cursor", "c.csv"); got.status != http.StatusSeeOther {
		t.Errorf("the new cursor is answered by %d: %s", got.status, textOf(got.body))
	}
	if got := s.get("/automation/sensor/files").body; !strings.Contains(got, `name="cursor" value="c.csv"`) {
		t.Errorf("the page has another cursor:\n%s", textOf(got))
	}
	if got := preview("sensor/files"); !strings.Contains(got, "after_c.csv") {
		t.Errorf("a tick finds another cursor:\n%s", got)
	}
}

func TestAReadOnlyServerHasNoSwitches(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(config *server.Config) { config.ReadOnly = true }, automated())
	const path = "/automation/schedule/every/night"
	if got := s.get(path); strings.Contains(got.body, "<form method=\"post\"") {
		t.Errorf("the page has a form that changes something:\n%s", got.body)
	}
	if got := s.post(path, "do", "on"); got.status != http.StatusForbidden {
		t.Errorf("the switch is answered by %d", got.status)
	}
}

func TestAServerWithoutAutomationsHasNoPageOfThem(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(config *server.Config) { config.Automations = nil }, automated())
	if got := s.get("/automation"); got.status != http.StatusNotFound || strings.Contains(got.body, `href="/automation"`) {
		t.Errorf("the page answers %d", got.status)
	}
	if got := s.get("/"); got.status != http.StatusOK {
		t.Errorf("the overview answers %d", got.status)
	}
}

func TestTheInstanceSaysWhatQueuedRunsWaitFor(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil, automated())
	prepared, err := s.launcher.Prepare(runs.Request{Job: "nightly"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := prepared.Queue(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := textOf(s.get("/instance").body); !strings.Contains(got, "nightly\nTIME\na process that takes queued runs") {
		t.Errorf("the page says\n%s", got)
	}
}

func TestATickIsShownWithItsLogAndTheNextOne(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil, fx.Options(
		assets.New("orders", func() int { return 1 }), assets.NewJob("nightly", assets.Select("orders")),
		automation.NewSensor("looks", func(tick *automation.Tick, logger *slog.Logger) {
			logger.Info("looking at the shop", "page", 7)
			tick.Skip("it is empty")
		}, automation.For("nightly"), automation.Every(time.Minute), automation.Jitter(0)),
	), fxrun.Daemon)
	s.waitForText("/automation/sensor/looks", "INFO looking at the shop page=7")
	next := regexp.MustCompile(`Next tick, about\nTIME`)
	if got := textOf(s.get("/automation/sensor/looks").body); !next.MatchString(got) || !strings.Contains(got, "it is empty\n1 log line\n") {
		t.Errorf("the page says\n%s", got)
	}
	if got := textOf(s.get("/automation").body); !strings.Contains(got, "TIME\nTIME\n") {
		t.Errorf("the list has no last and next tick:\n%s", got)
	}
}

func TestTheOverviewNamesFailedTicks(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil, automated(), fxrun.Daemon)
	for range 500 {
		if strings.Contains(textOf(s.get("/").body), "sensor fails\n") {
			break
		}
		time.Sleep(10 * time.Millisecond) // the history has no other way to wait
	}
	for path, want := range map[string]string{
		"/": "sensor fails\n", "/automation": "fails\nfailed\n", "/automation/sensor/fails": "asking the shop: it is closed",
	} {
		if got := textOf(s.get(path).body); !strings.Contains(got, want) {
			t.Errorf("%s does not say %q:\n%s", path, want, got)
		}
	}
}
