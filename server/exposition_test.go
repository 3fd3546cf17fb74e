package server_test

import (
	"net/http"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/automation"
	"github.com/fxrun/fxrun/runs"
	"github.com/fxrun/fxrun/server"
)

var (
	sampleLine = regexp.MustCompile(`^([a-z_][a-z0-9_]*)(\{(?:[a-zA-Z_]+="(?:[^"\\\n]|\\["\\n])*",? ?)+\})? (\S+)$`)
	metaLine   = regexp.MustCompile(`^# (HELP|TYPE) ([a-z_][a-z0-9_]*) (.+)$`)
)

// metricsOf reads metrics strictly, and returns the types of the metrics by their names. A
// metric has its help, its type and then its samples, all in one place.
func metricsOf(t *testing.T, text string) map[string]string {
	t.Helper()
	types := make(map[string]string)
	name, kind := "", ""
	seen := make(map[string]bool)
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if meta := metaLine.FindStringSubmatch(line); meta != nil {
			switch {
			case meta[1] == "HELP" && types[meta[2]] == "":
				name, kind = meta[2], ""
			case meta[1] == "TYPE" && meta[2] == name && kind == "" && slices.Contains([]string{"counter", "gauge", "histogram", "summary"}, meta[3]):
				kind, types[name] = meta[3], meta[3]
			default:
				t.Errorf("the line %q is not at its place", line)
			}
			continue
		}
		sample := sampleLine.FindStringSubmatch(line)
		if sample == nil {
			t.Errorf("the line %q is no sample", line)
			continue
		}
		allowed := []string{name}
		switch kind {
		case "histogram":
			allowed = []string{name + "_bucket", name + "_sum", name + "_count"}
		case "summary":
			allowed = append(allowed, name+"_sum", name+"_count")
		}
		if kind == "" || !slices.Contains(allowed, sample[1]) {
			t.Errorf("the sample %q is below the %s %s", line, kind, name)
		}
		if _, err := strconv.ParseFloat(sample[3], 64); err != nil {
			t.Errorf("the value of %q is no number", line)
		}
		if seen[sample[1]+sample[2]] {
			t.Errorf("the sample %q is there twice", line)
		}
		seen[sample[1]+sample[2]] = true
	}
	return types
}

func TestEachMetricHasHelpAndType(t *testing.T) {
	t.Parallel()
	counted := server.NewMetrics()
	s := newSite(t, func(config *server.Config) { config.Metrics = counted }, definitions(make(gate)),
		fx.Provide(func() runs.Observer { return counted.Observer(nil) }),
		fx.Options(assets.New("pooled", func() (int, error) { return 1, nil }, assets.Pool("shop \"1\"\\\n"))))
	s.run("raw/orders")
	s.get("/runs/none")
	s.post("/resources/clock/check")
	counted.Ticked(automation.KindSensor, "any", automation.TickFailed)
	got := s.get("/metrics")
	if got.status != http.StatusOK {
		t.Fatalf("the answer is %d", got.status)
	}
	types := metricsOf(t, got.body)
	for name, want := range map[string]string{
		"go_goroutines": "gauge", "go_gc_duration_seconds": "summary", "go_sched_latencies_seconds": "histogram", "process_cpu_seconds_total": "counter",
		"go_cgo_calls_count": "gauge", "fxrun_resource_well": "gauge", "fxrun_runs_total": "counter", "fxrun_run_duration_seconds": "histogram",
	} {
		if types[name] != want && !strings.HasPrefix(name, "process_") {
			t.Errorf("the type of %s is %q, want %q", name, types[name], want)
		}
	}
	t.Run("and the page of the documentation names it", func(t *testing.T) {
		t.Parallel()
		page, err := os.ReadFile("../docs/pages.md")
		if err != nil {
			t.Fatal(err)
		}
		for name := range types {
			if strings.HasPrefix(name, "fxrun_") && !strings.Contains(string(page), "`"+name+"`") {
				t.Errorf("docs/pages.md does not name %s", name)
			}
		}
		for _, found := range regexp.MustCompile("`(fxrun_[a-z_]+)`").FindAllStringSubmatch(string(page), -1) {
			if types[found[1]] == "" {
				t.Errorf("docs/pages.md names %s, which the metrics lack", found[1])
			}
		}
	})
}
