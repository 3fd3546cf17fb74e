package cli_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/fxrun/fxrun/cli"
	"github.com/fxrun/fxrun/history"
)

// epoch is when the runs in these tests were queued.
var epoch = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// log makes events one second apart.
func log(data ...history.EventData) []history.Event {
	events := make([]history.Event, len(data))
	for i := range data {
		events[i] = history.Event{RunID: "run-1", Seq: int64(i + 1), Time: epoch.Add(time.Duration(i) * time.Second), Data: data[i]}
	}
	return events
}

func busyRun() []history.Event {
	return log(
		history.RunQueued{Job: "nightly", Steps: []string{"raw/orders", "raw/customers", "revenue", "report"}},
		history.RunStarting{},
		history.ResourceStarting{Resource: "client"},
		history.ResourceStarted{Resource: "client", Duration: 40 * time.Millisecond},
		history.ResourceStarting{Resource: "warehouse"},
		history.ResourceStarted{Resource: "warehouse", Duration: 1200 * time.Millisecond},
		history.RunStarted{},
		history.StepStarted{Step: "raw/orders", Attempt: 1},
		history.StepStarted{Step: "raw/customers", Attempt: 1},
		history.StepProgress{Step: "raw/customers", Rows: 4000, Total: 12000},
		history.AssetMaterialized{Asset: "raw/orders", Step: "raw/orders", Size: 1_234_567, Metadata: history.Values{"rows": 12000}},
		history.StepSucceeded{Step: "raw/orders", Duration: 2500 * time.Millisecond},
		history.StepStarted{Step: "revenue", Attempt: 1},
		history.StepFailed{Step: "revenue", Attempt: 1, Error: history.Failure{Message: "the warehouse\nis closed"}, Duration: time.Second},
		history.StepSkipped{Step: "report", Because: "upstream revenue did not succeed", Upstream: []string{"revenue"}},
		history.RunCancelRequested{},
		history.ResourceStopping{Resource: "warehouse"},
	)
}

func TestFrames(t *testing.T) {
	t.Parallel()
	waiting := log(history.RunQueued{Job: "nightly", Steps: []string{"raw/orders", "revenue"}}, history.RunStarting{}, history.RunStarted{},
		history.LogWritten{Step: "raw/orders", Message: "waiting", Attrs: history.Attrs{{Name: "waits_for", Value: "a place among the steps in the pool warehouse (limit 1)"}}},
		history.LogWritten{Step: "revenue", Message: "waiting", Attrs: history.Attrs{{Name: "waits_for", Value: "a place among the steps in the pool warehouse (limit 1)"}}},
		history.StepStarted{Step: "revenue", Attempt: 1})
	starting := log(history.RunQueued{Selection: "+revenue", Steps: []string{"raw/orders", "revenue"}}, history.RunStarting{},
		history.ResourceStarting{Resource: "client"})
	for name, frame := range map[string][]string{
		"frame-starting": cli.Frame(starting, epoch.Add(3*time.Second), 80, 24, false),
		"frame-waiting":  cli.Frame(waiting, epoch.Add(9*time.Second), 80, 24, false),
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
	data := []history.EventData{history.RunQueued{Job: "wide"}}
	queued := data[0].(history.RunQueued)
	for i := range 60 {
		queued.Steps = append(queued.Steps, fmt.Sprintf("a/rather/long/key/of/step/%d", i))
	}
	data[0] = queued
	data = append(data, history.RunStarting{})
	for i := range 30 {
		data = append(data, history.ResourceStarting{Resource: fmt.Sprintf("resource_%d", i)})
	}
	data = append(data, history.RunStarted{})
	for i := range 50 {
		data = append(data, history.StepStarted{Step: queued.Steps[i], Attempt: 1})
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
