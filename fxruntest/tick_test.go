package fxruntest_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/automation"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/fxruntest"
	"github.com/fxrun/fxrun/history"
)

type catalogue interface{ Tables() []string }

type fakeCatalogue []string

func (f fakeCatalogue) Tables() []string { return f }

type tableConfig struct{ Table string }

func catalogueDefinitions() fx.Option {
	return fx.Options(
		container.Provide("catalogue", func() (catalogue, error) { return nil, errors.New("no network in tests") }),
		container.Provide("table", func(c tableConfig) *tableConfig { return &c }, container.Config(tableConfig{}, container.AtLaunch("Table"))),
		assets.New("rows", func(c *tableConfig) string { return c.Table }),
		automation.NewSensor("tables", func(tick *automation.Tick, c catalogue) []automation.RunRequest {
			var requests []automation.RunRequest
			for _, name := range c.Tables() {
				if name > tick.Cursor() {
					requests = append(requests, automation.RunRequest{Key: name, Config: container.RunConfig{Resources: map[string]any{"table": tableConfig{name}}}})
					tick.SetCursor(name)
				}
			}
			if len(requests) == 0 {
				tick.Skip("no table is new")
			}
			return requests
		}, automation.For(assets.Select("rows"))),
		automation.NewSchedule("monthly", "@monthly", func(tick *automation.Tick) (automation.RunRequest, error) {
			return automation.RunRequest{Selection: "rows", Config: container.RunConfig{Resources: map[string]any{"table": tableConfig{tick.Scheduled().Format("2006-01")}}}}, nil
		}),
		automation.OnRun("alert", []history.Status{history.StatusFailed}, func(run history.Record) error { return errors.New("no alert for " + run.ID) }),
	)
}

func TestATickInATest(t *testing.T) {
	t.Parallel()
	fake := fx.Replace(fx.Annotate(fakeCatalogue{"a", "b", "c"}, fx.As(new(catalogue))))
	t.Run("has the fakes and the cursor of the test", func(t *testing.T) {
		t.Parallel()
		preview := fxruntest.Sensor(t, "tables", automation.Occasion{Cursor: "a"}, catalogueDefinitions(), fake)
		var got []string
		for _, request := range preview.Requests {
			got = append(got, request.Key, string(request.Run.Queued.Config))
		}
		want := []string{"b", `{"resources":{"table":{"config":{"table":"b"}}}}`, "c", `{"resources":{"table":{"config":{"table":"c"}}}}`}
		if diff := cmp.Diff(want, got); diff != "" || preview.Cursor != "c" {
			t.Errorf("the cursor is %q, %s", preview.Cursor, diff)
		}
	})
	t.Run("may be skipped", func(t *testing.T) {
		t.Parallel()
		preview := fxruntest.Sensor(t, "tables", automation.Occasion{Cursor: "z"}, catalogueDefinitions(), fake)
		if !preview.Skipped || preview.Reason != "no table is new" || len(preview.Requests) > 0 {
			t.Errorf("got %+v", preview)
		}
	})
	t.Run("is for the time of the test", func(t *testing.T) {
		t.Parallel()
		preview := fxruntest.Schedule(t, "monthly", automation.Occasion{Scheduled: time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC)}, catalogueDefinitions())
		if got := string(preview.Requests[0].Run.Queued.Config); !strings.Contains(got, `"2026-02"`) {
			t.Errorf("got %s", got)
		}
	})
	t.Run("has the event of the test", func(t *testing.T) {
		t.Parallel()
		_, err := fxruntest.TryTick(t, automation.KindSensor, "alert", automation.Occasion{Record: history.Record{ID: "r1"}}, catalogueDefinitions())
		if err == nil || !strings.Contains(err.Error(), "no alert for r1") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("fails by the error of a real resource", func(t *testing.T) {
		t.Parallel()
		_, err := fxruntest.TryTick(t, automation.KindSensor, "tables", automation.Occasion{}, catalogueDefinitions())
		if err == nil || !strings.Contains(err.Error(), "no network in tests") {
			t.Errorf("got %v", err)
		}
	})
}
