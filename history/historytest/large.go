package historytest

import (
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/fxrun/fxrun/history"
)

// Large is the size of a large history: runs of 100 events, of which 10 are
// materializations.
type Large struct {
	Events int // of all runs
	Assets int // that are materialized in turn
}

const (
	largeRun   = 100 // events of a run
	largeSteps = 10  // steps of a run
)

func (l Large) runs() int { return l.Events / largeRun }

// Statements returns the statements that fill the tables of an SQL history. series is the
// beginning of a statement that makes a table with a name and the numbers n from 0 up to a
// limit, two parameters of package fmt.
//
// The events of a run are run_queued, run_starting, run_started, then nine of each step:
// the start, six log lines, the materialization, the end. The rest are log lines, and the
// end of the run. Every 40th run is a failed one. The last run has not finished.
func (l Large) Statements(series string) []string {
	each := func(table string, count int) string { return fmt.Sprintf(series, table, count) }
	return []string{
		each("r", l.runs()) + `
		INSERT INTO runs (id, job, selection, tags, config, status, owner, queued, started, finished, duration, error, stack)
		SELECT 'run-' || n, 'job-' || (n % 20), '', '{"team":"data"}', NULL,
			CASE WHEN n = ` + fmt.Sprint(l.runs()-1) + ` THEN 'running' WHEN n % 40 = 7 THEN 'failed' ELSE 'succeeded' END,
			'host/1', 1000000 * n, 1000000 * n + 1, CASE WHEN n = ` + fmt.Sprint(l.runs()-1) + ` THEN NULL ELSE 1000000 * n + 900000 END,
			900000000, '', '' FROM r ORDER BY n`,
		`INSERT INTO run_tags (key, value, run) SELECT 'team', 'data', number FROM runs`,
		each("s", largeSteps) + `
		INSERT INTO steps (run, key, position, status, attempt, started, duration, error, stack, because)
		SELECT number, 'step-' || n, n, 'succeeded', 1, queued, 1000, '', '', '' FROM runs CROSS JOIN s`,
		each("e", largeRun) + `
		INSERT INTO events (run, seq, time, type, asset, partition, fields)
		SELECT number, n + 1, queued + n,
			CASE WHEN n = 0 THEN 'run_queued' WHEN n = 1 THEN 'run_starting' WHEN n = 2 THEN 'run_started'
				WHEN n = 99 THEN 'run_finished' WHEN n >= 93 THEN 'log_written'
				WHEN n % 9 = 3 THEN 'step_started' WHEN n % 9 = 1 THEN 'asset_materialized' WHEN n % 9 = 2 THEN 'step_succeeded'
				ELSE 'log_written' END,
			CASE WHEN n > 2 AND n < 93 AND n % 9 = 1 THEN 'asset-' || ((number * 10 + (n - 3) / 9) % ` + fmt.Sprint(l.Assets) + `) END,
			CASE WHEN n > 2 AND n < 93 AND n % 9 = 1 THEN '' END,
			CASE WHEN n = 0 THEN '{"job":"job-' || ((number - 1) % 20) || '","steps":["step-0"]}' WHEN n = 1 THEN '{"owner":"host/1"}' WHEN n = 2 THEN '{}'
				WHEN n = 99 THEN '{"status":"succeeded","duration_ns":900000000}' WHEN n >= 93 THEN '{"level":"INFO","message":"the end is near"}'
				WHEN n % 9 = 3 THEN '{"step":"step-' || ((n - 3) / 9) || '","attempt":1}'
				WHEN n % 9 = 1 THEN '{"asset":"asset-' || ((number * 10 + (n - 3) / 9) % ` + fmt.Sprint(l.Assets) + `) || '","step":"step-' || ((n - 3) / 9) || '","io_manager":"io_manager","size":1024,"metadata":{"bytes":1024,"path":"values/asset.json","rows":120}}'
				WHEN n % 9 = 2 THEN '{"step":"step-' || ((n - 3) / 9) || '","duration_ns":1000}'
				ELSE '{"level":"INFO","message":"fetched a page","attrs":{"page":7,"rows":1000},"step":"step-' || ((n - 3) / 9) || '"}' END
		FROM runs CROSS JOIN e ORDER BY number, n`,
	}
}

// BenchmarkLarge measures what people ask of a large history, which open opens.
func BenchmarkLarge(b *testing.B, size Large, open func(b *testing.B) history.Store) {
	store := open(b)
	middle := fmt.Sprintf("run-%d", size.runs()/2)
	assets := make([]string, size.Assets)
	for i := range assets {
		assets[i] = fmt.Sprintf("asset-%d", i)
	}
	measure := func(name string, read func(b *testing.B) (found int, err error), want int) {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if found, err := read(b); err != nil || found != want {
					b.Fatalf("found %d of %d, %v", found, want, err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/1000/float64(b.N), "ms")
		})
	}
	events := func(query history.EventQuery) func(*testing.B) (int, error) {
		return func(*testing.B) (int, error) {
			found, err := store.Events(b.Context(), query)
			return len(found), err
		}
	}
	records := func(query history.RunQuery) func(*testing.B) (int, error) {
		return func(*testing.B) (int, error) {
			found, err := store.Runs(b.Context(), query)
			return len(found), err
		}
	}
	measure("the events of a run", events(history.EventQuery{RunID: middle, Limit: 1000}), largeRun)
	measure("the last 100 events", events(history.EventQuery{Limit: 100}), 100)
	measure("the newest 50 runs", records(history.RunQuery{Limit: 50, OmitSteps: true}), 50)
	measure("50 older runs", records(history.RunQuery{Limit: 50, Before: middle, OmitSteps: true}), 50)
	measure("50 failed runs of a job", records(history.RunQuery{Limit: 50, Job: "job-7", Statuses: []history.Status{history.StatusFailed}, OmitSteps: true}), 50)
	measure("50 older runs with a tag", records(history.RunQuery{Limit: 50, Before: middle, Tags: map[string]string{"team": "data"}, OmitSteps: true}), 50)
	measure("the runs that have not finished", records(history.RunQuery{
		Statuses: []history.Status{history.StatusQueued, history.StatusStarting, history.StatusRunning}, OmitSteps: true,
	}), 1)
	latest := func(store history.Store) (int, error) {
		found, err := history.LatestMaterializations(b.Context(), store, assets)
		return len(found), err
	}
	measure("the last materializations of all assets, at once after opening", func(b *testing.B) (int, error) {
		opened := open(b)
		found, err := latest(opened)
		// What it keeps would slow down the stores after it, which a new process does not have.
		b.StopTimer()
		defer b.StartTimer()
		return found, errors.Join(err, opened.(io.Closer).Close())
	}, size.Assets)
	if _, err := latest(store); err != nil {
		b.Fatal(err)
	}
	measure("the last materializations of all assets, again", func(*testing.B) (int, error) { return latest(store) }, size.Assets)
	measure("100 materializations of an asset", events(history.EventQuery{
		Asset: "asset-7", Types: []history.EventType{history.TypeAssetMaterialized}, Limit: 100,
	}), min(100, size.runs()*largeSteps/size.Assets))
}
