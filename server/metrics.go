package server

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/fxrun/fxrun/automation"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/runs"
)

// Metrics counts what this process does, for the path /metrics of a [Server], in the text
// format of Prometheus. It is safe for concurrent use. The values of labels are names that
// the program defines, statuses and paths of the server, so there are never more of them.
type Metrics struct {
	set         *metrics.Set
	storeErrors atomic.Int64
}

// NewMetrics returns metrics that count nothing yet. [Metrics.Observer] has the runs
// counted, and [Metrics.Ticked] the ticks.
func NewMetrics() *Metrics { return &Metrics{set: metrics.NewSet()} }

// requestSeconds and runSeconds are the limits of the buckets of durations.
func requestSeconds() []float64 { return []float64{0.001, 0.005, 0.02, 0.05, 0.1, 0.5, 2, 10} }
func runSeconds() []float64     { return []float64{0.1, 1, 10, 60, 300, 1800, 7200, 43200} }

// labels writes labels as the format has them.
func labels(name string, pairs ...string) string {
	escape := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)
	var written []string
	for i := 0; i < len(pairs); i += 2 {
		written = append(written, pairs[i]+`="`+escape.Replace(pairs[i+1])+`"`)
	}
	return name + "{" + strings.Join(written, ",") + "}"
}

// Observer returns an observer that counts runs and steps, and tells next, which may be nil.
func (m *Metrics) Observer(next runs.Observer) runs.Observer { return &countingObserver{m, next} }

type countingObserver struct {
	metrics *Metrics
	next    runs.Observer
}

// Begin counts the activity at its end: see runs.Observer.
func (o *countingObserver) Begin(ctx context.Context, activity runs.Activity) (context.Context, func(runs.Outcome)) {
	inner, told := ctx, func(runs.Outcome) {}
	if o.next != nil {
		within, done := o.next.Begin(ctx, activity)
		if within != nil {
			inner = within
		}
		if done != nil {
			told = done
		}
	}
	began := time.Now()
	return inner, func(outcome runs.Outcome) {
		o.metrics.count(activity, outcome, time.Since(began))
		told(outcome)
	}
}

func (m *Metrics) count(activity runs.Activity, outcome runs.Outcome, took time.Duration) {
	switch activity.Kind {
	case runs.ActivityRun:
		m.set.GetOrCreateCounter(labels("fxrun_runs_total", "job", activity.Job, "status", string(outcome.Status))).Inc()
		m.set.GetOrCreatePrometheusHistogramExt(labels("fxrun_run_duration_seconds", "job", activity.Job), runSeconds()).Update(took.Seconds())
	case runs.ActivityStep:
		m.set.GetOrCreateCounter(labels("fxrun_step_attempts_total", "status", string(outcome.Status))).Inc()
	case runs.ActivityLoad, runs.ActivityStore, runs.ActivityStart, runs.ActivityStop: // parts of runs and steps
	}
}

// Ticked counts a tick. It is for the field Ticked of automation.DaemonConfig.
func (m *Metrics) Ticked(kind automation.Kind, _ string, status automation.TickStatus) {
	m.set.GetOrCreateCounter(labels("fxrun_ticks_total", "kind", string(kind), "status", string(status))).Inc()
}

// answered counts an answer. A stream lasts as long as its reader likes, so that its duration
// says nothing.
func (m *Metrics) answered(route string, status int, took time.Duration, stream bool) {
	m.set.GetOrCreateCounter(labels("fxrun_http_requests_total", "route", route, "status", strconv.Itoa(status))).Inc()
	if !stream {
		m.set.GetOrCreatePrometheusHistogramExt(labels("fxrun_http_request_duration_seconds", "route", route), requestSeconds()).Update(took.Seconds())
	}
}

// scrapeTime is how long the history has to answer for the metrics.
const scrapeTime = 5 * time.Second

// countedRuns is up to how many runs of a status are counted.
const countedRuns = 10_000

// gauges writes what is known from the history and the locks at this moment. What cannot be
// read is left out, and counted as an error of the store.
func (s *Server) gauges(ctx context.Context, w io.Writer) {
	ctx, cancel := context.WithTimeout(ctx, scrapeTime)
	defer cancel()
	up := 1
	for _, write := range []func(context.Context, io.Writer) error{s.runGauges, s.poolGauges, s.daemonGauges} {
		var text strings.Builder
		if err := write(ctx, &text); err != nil {
			up = 0
			s.config.Metrics.storeErrors.Add(1)
			s.config.Logger.Warn("reading the history for metrics", "error", err)
			continue
		}
		_, _ = io.WriteString(w, text.String())
	}
	_, _ = fmt.Fprintf(w, "fxrun_store_up %d\nfxrun_store_errors_total %d\n", up, s.config.Metrics.storeErrors.Load())
}

func (s *Server) runGauges(ctx context.Context, w io.Writer) error {
	for _, status := range []history.Status{history.StatusQueued, history.StatusStarting, history.StatusRunning} {
		found, err := s.config.Inspector.Runs(ctx, history.RunQuery{Statuses: []history.Status{status}, OmitSteps: true, Limit: countedRuns})
		if err != nil {
			return err
		}
		_, _ = fmt.Fprintln(w, labels("fxrun_runs", "status", string(status)), len(found))
		if status != history.StatusQueued {
			continue
		}
		waited := 0.0
		for _, record := range found {
			waited = max(waited, time.Since(record.Queued).Seconds())
		}
		_, _ = fmt.Fprintln(w, "fxrun_queue_oldest_seconds", waited)
	}
	return nil
}

func (s *Server) poolGauges(ctx context.Context, w io.Writer) error {
	pools, err := s.config.Launcher.Pools(ctx)
	for _, pool := range pools {
		_, _ = fmt.Fprintln(w, labels("fxrun_pool_places", "pool", pool.Name), pool.Places)
		_, _ = fmt.Fprintln(w, labels("fxrun_pool_places_used", "pool", pool.Name), pool.Used)
	}
	return err
}

func (s *Server) daemonGauges(ctx context.Context, w io.Writer) error {
	if s.config.Automations == nil {
		return nil
	}
	control, err := automation.NewControl(s.config.Automations, s.config.Launcher.Store())
	if err != nil {
		return nil //nolint:nilerr // the history keeps no ticks
	}
	ticker, err := control.Ticker(ctx, s.config.Launcher)
	if err != nil {
		return err
	}
	schedules, err := control.All(ctx, automation.KindSchedule)
	if err != nil {
		return err
	}
	lag, here := 0.0, 0
	for _, one := range schedules {
		if !one.Next.IsZero() {
			lag = max(lag, time.Since(one.Next).Seconds())
		}
	}
	if ticker.Here {
		here = 1
	}
	_, _ = fmt.Fprintf(w, "fxrun_daemon_ticks_here %d\nfxrun_daemon_lag_seconds %g\n", here, lag)
	return nil
}

// resourceGauges writes the last results of health checks.
func (s *Server) resourceGauges(w io.Writer) {
	for _, one := range s.resources.Last() {
		well := 0
		if one.Status.Good() {
			well = 1
		}
		_, _ = fmt.Fprintln(w, labels("fxrun_resource_well", "resource", one.Resource), well)
		_, _ = fmt.Fprintln(w, labels("fxrun_resource_checked_seconds", "resource", one.Resource), time.Since(one.Checked).Seconds())
	}
}

// serveMetrics answers with all metrics.
func (s *Server) serveMetrics(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	var text strings.Builder
	s.config.Metrics.set.WritePrometheus(&text)
	s.gauges(r.Context(), &text)
	s.resourceGauges(&text)
	metrics.WriteProcessMetrics(&text)
	writeExposition(w, text.String())
}
