package cli_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/automation"
	"github.com/fxrun/fxrun/cli"
	"github.com/fxrun/fxrun/container"
)

type tableConfig struct{ Table string }

// ticking is a program with a schedule and two sensors.
func ticking() []fx.Option {
	return []fx.Option{
		container.Provide("table", func(config tableConfig) *tableConfig { return &config }, container.Config(tableConfig{}, container.AtLaunch("Table"))),
		assets.New("rows", func(t *tableConfig) string { return t.Table }),
		assets.NewJob("load", assets.Select("rows"), assets.LaunchDefaults(container.RunConfig{Resources: map[string]any{"table": tableConfig{"sales"}}})),
		automation.NewSchedule("yearly", "0 2 1 1 *", "load", automation.InZone("Europe/Berlin"), automation.Describe("once a year")),
		automation.NewSensor("tables", func(tick *automation.Tick) []automation.RunRequest {
			tick.SetCursor(tick.Cursor() + "x")
			return []automation.RunRequest{{Key: "orders", Config: container.RunConfig{Resources: map[string]any{"table": tableConfig{"orders"}}}}}
		}, automation.For("load"), automation.Every(100*time.Millisecond)),
		automation.NewSensor("broken", func() error { return errors.New("the shop is closed") }, automation.OffByDefault()),
	}
}

// tickUntil runs the daemon until a condition holds.
func tickUntil(t *testing.T, definitions []fx.Option, holds func() bool) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var out, messages strings.Builder
	done := make(chan int, 1)
	go func() {
		done <- cli.Run(ctx, []string{"daemon"}, cli.Streams{Out: &out, Err: &messages}, definitions...)
	}()
	for began := time.Now(); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Since(began) > 30*time.Second {
			t.Error("it did not come within half a minute")
			break
		}
	}
	cancel()
	if code := <-done; code != 0 {
		t.Errorf("the daemon ended with the exit code %d\n%s%s", code, out.String(), messages.String())
	}
}

func TestTheCommandsOfSchedulesAndSensors(t *testing.T) {
	newHome(t)
	definitions := ticking()
	sees := func(want string, args ...string) {
		t.Helper()
		got := execute(t, definitions, args...)
		if got.code != 0 || !strings.Contains(got.out, want) {
			t.Errorf("%v: exit code %d\n%s%s\nlacks %q", args, got.code, got.out, got.err, want)
		}
	}
	sees("0 2 1 1 * Europe/Berlin", "schedules")
	sees("broken", "sensors")
	sees("it has not ticked yet", "sensor", "tables")
	sees(`{"resources":{"table":{"config":{"table":"orders"}}}}`, "sensor", "preview", "tables")
	sees("fxrun/scheduled=2027-01-01T02:00:00+01:00", "schedule", "preview", "yearly", "--at", "2027-01-01T01:00:00Z")

	tickUntil(t, definitions, func() bool { return strings.Contains(execute(t, definitions, "runs").out, "succeeded") })
	sees("requested", "sensor", "tables")
	sees("its key has made a run before", "sensor", "preview", "tables")
	sees("sensor broken is on", "sensor", "on", "broken")
	sees("sensor tables is off", "sensor", "off", "tables")
	before := execute(t, definitions, "sensor", "tables", "--json").out
	tickUntil(t, definitions, func() bool {
		return strings.Contains(execute(t, definitions, "sensor", "broken").out, "the shop is closed")
	})
	if after := execute(t, definitions, "sensor", "tables", "--json").out; after != before {
		t.Errorf("a sensor that is off has ticked: %s\nafter\n%s", after, before)
	}
	sees("sensor tables is reset", "sensor", "reset", "tables", "--cursor", "again", "--key", "orders")
	var shown struct {
		State automation.State
		Ticks []automation.TickRecord
	}
	if err := json.Unmarshal([]byte(execute(t, definitions, "sensor", "tables", "--json").out), &shown); err != nil || shown.State.Cursor != "again" || len(shown.Ticks) == 0 {
		t.Errorf("the document is %+v, %v", shown, err)
	}
}

func TestTheCommandsOfSensorsRefuse(t *testing.T) {
	newHome(t)
	for want, args := range map[string][]string{
		`there is no sensor "table", did you mean "tables"?`: {"sensor", "off", "table"},
		"give a cursor, or keys":                             {"sensor", "reset", "tables"},
		`the key "none" has made no run`:                     {"sensor", "reset", "tables", "--key", "none"},
		"--at \"noon\"":                                      {"schedule", "preview", "yearly", "--at", "noon"},
		"--ticks -1":                                         {"sensor", "tables", "--ticks", "-1"},
		"exclude each other":                                 {"sensor", "reset", "tables", "--cursor", "x", "--from-start"},
	} {
		if got := execute(t, ticking(), args...); got.code != 64 || !strings.Contains(got.err, want) {
			t.Errorf("%v: exit code %d\n%s%s\nlacks %q", args, got.code, got.out, got.err, want)
		}
	}
	if got := execute(t, ticking(), "sensor", "preview", "broken"); got.code != 1 || !strings.Contains(got.err, "evaluating sensor broken: the shop is closed") {
		t.Errorf("exit code %d\n%s%s", got.code, got.out, got.err)
	}
}
