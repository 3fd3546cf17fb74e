//go:build unix

package automation_test

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/fxrun/fxrun/automation"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/history/sqlhistory/sqlite"
	"github.com/fxrun/fxrun/locks/filelocks"
	"github.com/fxrun/fxrun/runs"
)

// onDisk gives a program a history in a file.
func (p *program) onDisk(b *testing.B) {
	b.Helper()
	home := b.TempDir()
	store, err := sqlite.Open(b.Context(), home)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = store.Close() })
	p.store, p.locks = store, filelocks.New(filepath.Join(home, "locks"))
	p.launcher = p.newLauncher()
}

// stepStarted returns when the first step of a run with a tag has started.
func (p *program) stepStarted(b *testing.B, tags map[string]string) time.Time {
	b.Helper()
	for {
		found, err := p.store.Runs(b.Context(), history.RunQuery{Tags: tags, Limit: 1})
		if err != nil {
			b.Fatal(err)
		}
		if len(found) == 1 && found[0].Status.Finished() {
			return found[0].Steps[0].Started
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// BenchmarkFromAnEventToTheFirstStep measures the time from a materialization to the first
// step of the run that a sensor asks for because of it.
func BenchmarkFromAnEventToTheFirstStep(b *testing.B) {
	p := newProgram(b, new(tables), nil, automation.OnMaterialized("follower", []string{"small"}, func(event history.Event) automation.RunRequest {
		return table(event.RunID)
	}, automation.For("update_data")))
	p.onDisk(b)
	stop := p.start(p.daemon(p.launcher, nil))
	defer func() { stop(); p.close(p.launcher) }()
	time.Sleep(200 * time.Millisecond)
	var took []time.Duration
	for b.Loop() {
		id := p.launch(p.launcher, runs.Request{Selection: "small"})
		made, err := p.store.Events(b.Context(), history.EventQuery{RunID: id, Types: []history.EventType{history.TypeAssetMaterialized}})
		if err != nil || len(made) != 1 {
			b.Fatal(made, err)
		}
		took = append(took, p.stepStarted(b, map[string]string{automation.TagRunKey: id}).Sub(made[0].Time))
	}
	report(b, "event-to-step", took)
}

// BenchmarkFromARequestToTheFirstStep measures the time from the end of a tick of a sensor
// to the first step of the run that it has asked for.
func BenchmarkFromARequestToTheFirstStep(b *testing.B) {
	number := 0
	p := newProgram(b, new(tables), nil, automation.NewSensor("numbers", func() automation.RunRequest {
		number++
		return automation.RunRequest{Key: fmt.Sprint(number), Job: "small_job"}
	}, automation.Every(100*time.Millisecond)))
	p.onDisk(b)
	stop := p.start(p.daemon(p.launcher, nil))
	defer func() { stop(); p.close(p.launcher) }()
	var took []time.Duration
	for next := 1; b.Loop(); next++ {
		started := p.stepStarted(b, map[string]string{automation.TagRunKey: fmt.Sprint(next)})
		ticks := p.ticks(automation.KindSensor, "numbers")
		i := slices.IndexFunc(ticks, func(tick automation.TickRecord) bool {
			return len(tick.Runs) == 1 && tick.Runs[0].Key == fmt.Sprint(next)
		})
		took = append(took, started.Sub(ticks[i].Ended))
	}
	report(b, "request-to-step", took)
}

func report(b *testing.B, name string, took []time.Duration) {
	b.Helper()
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "median-ms-"+name)
	b.ReportMetric(float64(took[len(took)*9/10].Microseconds())/1000, "p90-ms-"+name)
}

// BenchmarkAThousandSchedulesAtOnce measures by how much the ticks of a thousand schedules
// that are due at the same moment are late, and when their runs begin.
func BenchmarkAThousandSchedulesAtOnce(b *testing.B) {
	const count = 1000
	var definitions []automation.Definition
	for i := range count {
		definitions = append(definitions, automation.NewSchedule(fmt.Sprint("s", i), "* * * * *", "small_job"))
	}
	for b.Loop() {
		p := newProgram(b, new(tables), nil, definitions...)
		p.onDisk(b)
		stop := p.start(p.daemon(p.launcher, func(config *automation.DaemonConfig) { config.MaxRuns = 64 }))
		due := time.Now().Truncate(time.Minute).Add(2 * time.Minute) // the second tick: the first one checks what is asked for
		time.Sleep(time.Until(due))
		var found []history.Record
		for began := time.Now(); time.Since(began) < 30*time.Second; time.Sleep(100 * time.Millisecond) {
			var err error
			if found, err = p.store.Runs(b.Context(), history.RunQuery{Statuses: []history.Status{history.StatusSucceeded}, OmitSteps: true}); err != nil {
				b.Fatal(err)
			}
			found = slices.DeleteFunc(found, func(record history.Record) bool {
				return record.Tags[automation.TagScheduled] != due.UTC().Format(time.RFC3339)
			})
			if len(found) >= count {
				break
			}
		}
		var ticks, starts []time.Duration
		for _, record := range found {
			at, _ := time.Parse(time.RFC3339, record.Tags[automation.TagScheduled])
			ticks, starts = append(ticks, record.Queued.Sub(at)), append(starts, record.Started.Sub(at))
		}
		stop()
		p.close(p.launcher)
		report(b, "tick", ticks)
		report(b, "run", starts)
		b.ReportMetric(float64(len(found)), "runs")
	}
}

// BenchmarkIdleSensors measures the processor time and the memory of sensors that find
// nothing: ten thousand, or as many as the environment says.
func BenchmarkIdleSensors(b *testing.B) {
	count := 10_000
	if text := os.Getenv("FXRUN_BENCH_SENSORS"); text != "" {
		var err error
		if count, err = strconv.Atoi(text); err != nil {
			b.Fatal(err)
		}
	}
	var definitions []automation.Definition
	for i := range count {
		definitions = append(definitions, automation.NewSensor(fmt.Sprint("s", i), func() {}))
	}
	p := newProgram(b, new(tables), nil, definitions...)
	p.onDisk(b)
	stop := p.start(p.daemon(p.launcher, nil))
	defer func() { stop(); p.close(p.launcher) }()
	time.Sleep(40 * time.Second) // the first ticks, which are recorded one by one
	for b.Loop() {
		before, began := processorTime(b), time.Now()
		time.Sleep(30 * time.Second)
		b.ReportMetric(100*(processorTime(b)-before).Seconds()/time.Since(began).Seconds(), "%-of-a-core")
		runtime.GC()
		var memory runtime.MemStats
		runtime.ReadMemStats(&memory)
		b.ReportMetric(float64(memory.HeapAlloc)/1e6, "MB-heap")
	}
}

func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
