package cli_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/fxrun/fxrun/cli"
	"github.com/fxrun/fxrun/runs"
)

// epoch is when the runs in these tests were queued.
var epoch = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// log makes events one second apart.
func log(data ...runs.EventData) []runs.Event {
	events := make([]runs.Event, len(data))
	for i := range data {
		events[i] = runs.Event{RunID: "run-1", Seq: int64(i + 1), Time: epoch.Add(time.Duration(i) * time.Second), Data: data[i]}
	}
	return events
}

func busyRun() []runs.Event {
	return log(
		runs.RunQueued{Job: "nightly", Steps: []string{"raw/orders", "raw/customers", "revenue", "report"}},
		runs.RunStarting{},
		runs.ResourceStarting{Resource: "client"},
		runs.ResourceStarted{Resource: "client", Duration: 40 * time.Millisecond},
		runs.ResourceStarting{Resource: "warehouse"},
		runs.ResourceStarted{Resource: "warehouse", Duration: 1200 * time.Millisecond},
		runs.RunStarted{},
		runs.StepStarted{Step: "raw/orders", Attempt: 1},
		runs.StepStarted{Step: "raw/customers", Attempt: 1},
		runs.StepProgress{Step: "raw/customers", Rows: 4000, Total: 12000},
		runs.AssetMaterialized{Asset: "raw/orders", Step: "raw/orders", Size: 1_234_567, Metadata: runs.Values{"rows": 12000}},
		runs.StepSucceeded{Step: "raw/orders", Duration: 2500 * time.Millisecond},
		runs.StepStarted{Step: "revenue", Attempt: 1},
		runs.StepFailed{Step: "revenue", Attempt: 1, Error: runs.Failure{Message: "the warehouse\nis closed"}, Duration: time.Second},
		runs.StepSkipped{Step: "report", Because: "upstream revenue did not succeed", Upstream: []string{"revenue"}},
		runs.RunCancelRequested{},
		runs.ResourceStopping{Resource: "warehouse"},
	)
}

func TestFrames(t *testing.T) {
	t.Parallel()
	starting := log(runs.RunQueued{Selection: "+revenue", Steps: []string{"raw/orders", "revenue"}}, runs.RunStarting{},
		runs.ResourceStarting{Resource: "client"})
	for name, frame := range map[string][]string{
		"frame-starting": cli.Frame(starting, epoch.Add(3*time.Second), 80, 24, false),
		"frame-running":  cli.Frame(busyRun()[:12], epoch.Add(75*time.Second), 80, 24, false),
		"frame-busy":     cli.Frame(busyRun(), epoch.Add(20*time.Second), 80, 24, false),
		"frame-narrow":   cli.Frame(busyRun(), epoch.Add(20*time.Second), 30, 24, false),
		"frame-low":      cli.Frame(busyRun(), epoch.Add(20*time.Second), 80, 6, false),
		"frame-colours":  cli.Frame(busyRun(), epoch.Add(20*time.Second), 80, 24, true),
	} {
		goldenExact(t, name, strings.Join(frame, "\n")+"\n")
	}
}

func TestAFrameFitsTheTerminal(t *testing.T) {
	t.Parallel()
	data := []runs.EventData{runs.RunQueued{Job: "wide"}}
	queued := data[0].(runs.RunQueued)
	for i := range 60 {
		queued.Steps = append(queued.Steps, fmt.Sprintf("a/rather/long/key/of/step/%d", i))
	}
	data[0] = queued
	data = append(data, runs.RunStarting{})
	for i := range 30 {
		data = append(data, runs.ResourceStarting{Resource: fmt.Sprintf("resource_%d", i)})
	}
	data = append(data, runs.RunStarted{})
	for i := range 50 {
		data = append(data, runs.StepStarted{Step: queued.Steps[i], Attempt: 1})
	}
	events := log(data...)
	for width := 1; width < 130; width += 3 {
		for height := 2; height < 80; height += 5 {
			lines := cli.Frame(events, epoch.Add(time.Hour), width, height, false)
			if len(lines) >= height {
				t.Fatalf("%d lines on a terminal of %d", len(lines), height)
			}
			for _, line := range lines {
				if columns := utf8.RuneCountInString(line); columns > width {
					t.Fatalf("%d columns on a terminal of %d: %q", columns, width, line)
				}
			}
		}
	}
}

func TestQuantities(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ got, want string }{
		{cli.DurationText(0), "0s"},
		{cli.DurationText(time.Microsecond), "<1ms"},
		{cli.DurationText(340 * time.Millisecond), "340ms"},
		{cli.DurationText(59*time.Second + 999*time.Millisecond), "59.9s"},
		{cli.DurationText(130 * time.Second), "2m10s"},
		{cli.DurationText(25*time.Hour + 4*time.Minute), "25h04m"},
		{cli.CountText(0), "0"},
		{cli.CountText(999), "999"},
		{cli.CountText(1000), "1,000"},
		{cli.CountText(-1234567), "-1,234,567"},
		{cli.SizeText(0), ""},
		{cli.SizeText(999), "999 B"},
		{cli.SizeText(1000), "1.0 kB"},
		{cli.SizeText(999_999), "1.0 MB"},
		{cli.SizeText(1_500_000_000), "1.5 GB"},
	} {
		if test.got != test.want {
			t.Errorf("got %q, want %q", test.got, test.want)
		}
	}
}

func FuzzClean(f *testing.F) {
	for _, text := range []string{"", "plain", "a\x1b[2Jb", "a\nb\r\tc", "\u202eabc", "\xff\xfe"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		cleaned := cli.Clean(text)
		if strings.ContainsAny(cleaned, "\x1b\n\r\a\b\u202e\u009b") {
			t.Errorf("%q became %q", text, cleaned)
		}
		if again := cli.Clean(cleaned); again != cleaned {
			t.Errorf("%q became %q, and that %q", text, cleaned, again)
		}
	})
}
