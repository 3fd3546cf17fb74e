package browsertest_test

import (
	"net/http"
	"testing"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// TestPrometheusReadsTheMetrics is here and not beside the server, since this module has the
// libraries that only tests need.
func TestPrometheusReadsTheMetrics(t *testing.T) {
	t.Parallel()
	w := &world{opened: make(chan struct{})}
	address, _ := serve(t, w.definitions())
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Get(address + "/metrics") //nolint:noctx // the server is in this process
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	for name, family := range families {
		if family.Type == nil || family.GetHelp() == "" || len(family.GetMetric()) == 0 {
			t.Errorf("%s has the type %v, the help %q and %d samples", name, family.Type, family.GetHelp(), len(family.GetMetric()))
		}
	}
	if families["fxrun_runs"] == nil || families["go_goroutines"] == nil {
		t.Errorf("the metrics are %v", families)
	}
}
