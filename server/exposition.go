package server

import (
	"fmt"
	"io"
	"strings"
)

// The text format of Prometheus: the samples of a metric stand together, below a line with
// its help and a line with its type.

// described is what the format says of a metric.
type described struct{ kind, help string }

// descriptions are those of the metrics of fxrun, by their names.
func descriptions() map[string]described {
	return map[string]described{
		"fxrun_runs_total":                    {"counter", "Runs that this process has executed. A run of a selection has no job."},
		"fxrun_run_duration_seconds":          {"histogram", "How long the runs took that this process has executed."},
		"fxrun_step_attempts_total":           {"counter", "Attempts at steps by this process."},
		"fxrun_ticks_total":                   {"counter", "Ticks of schedules and sensors by this process."},
		"fxrun_http_requests_total":           {"counter", "Requests that were answered."},
		"fxrun_http_request_duration_seconds": {"histogram", "How long the answers took that are no streams."},
		"fxrun_runs":                          {"gauge", "The runs of the history that have not finished."},
		"fxrun_queue_oldest_seconds":          {"gauge", "How long the oldest queued run has waited."},
		"fxrun_pool_places":                   {"gauge", "The places of a pool."},
		"fxrun_pool_places_used":              {"gauge", "The places of a pool that are taken, in all processes."},
		"fxrun_daemon_ticks_here":             {"gauge", "1 if this process ticks the schedules and sensors, or else 0."},
		"fxrun_daemon_lag_seconds":            {"gauge", "By how much the latest schedule is overdue."},
		"fxrun_resource_well":                 {"gauge", "1 if the last health check of a resource has found no fault, or else 0."},
		"fxrun_resource_checked_seconds":      {"gauge", "How long ago the last health check of a resource was."},
		"fxrun_store_up":                      {"gauge", "1 if the history could be read for these metrics, or else 0."},
		"fxrun_store_errors_total":            {"counter", "How often the history could not be read for metrics or for readiness."},
	}
}

// describe returns what the format says of a metric. Of metrics that are not of fxrun only
// the name is known, and the suffixes of their samples.
func describe(name string, samples []string) described {
	if known, ok := descriptions()[name]; ok {
		return known
	}
	found := described{"gauge", "Of the process, as its operating system tells it."}
	if strings.HasPrefix(name, "go_") {
		found.help = "Of the runtime of Go: see its package runtime/metrics."
	}
	switch {
	case strings.HasSuffix(name, "_total"):
		found.kind = "counter"
	case strings.Contains(samples[0], `{quantile="`):
		found.kind = "summary"
	case strings.HasPrefix(samples[0], name+"_bucket"):
		found.kind = "histogram"
	}
	return found
}

// metricOf returns the name of the metric that a sample belongs to.
func metricOf(sample string) string {
	name, _, _ := strings.Cut(sample, " ")
	name, _, _ = strings.Cut(name, "{")
	for _, suffix := range []string{"_bucket", "_sum", "_count"} {
		base, ok := strings.CutSuffix(name, suffix)
		if ok && (strings.HasSuffix(base, "_seconds") || strings.HasSuffix(base, "_bytes")) {
			return base
		}
	}
	return name
}

// writeExposition writes samples, which are lines in any order, in the text format.
func writeExposition(w io.Writer, text string) {
	samples := make(map[string][]string)
	var names []string
	for line := range strings.Lines(text) {
		name := metricOf(line)
		if samples[name] == nil {
			names = append(names, name)
		}
		samples[name] = append(samples[name], line)
	}
	for _, name := range names {
		about := describe(name, samples[name])
		_, _ = fmt.Fprintf(w, "# HELP %s %s\n# TYPE %s %s\n%s", name, about.help, name, about.kind, strings.Join(samples[name], ""))
	}
}
