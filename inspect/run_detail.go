package inspect

import (
	"context"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/runs"
)

// RunDetail is a run with what the history alone does not say of it.
type RunDetail struct {
	history.Record
	// Liveness says whether the process of a run that has not finished still exists. It
	// is "" for other runs. If the process is gone, the run is lost.
	Liveness runs.Liveness `json:"liveness,omitempty"`
	// WaitsFor says what a queued run waits for. It is "" for other runs.
	WaitsFor string `json:"waits_for,omitempty"`
}

// DescribeRun adds to the record of a run what a launcher finds out. It changes nothing.
// What cannot be found out stays empty.
func DescribeRun(ctx context.Context, launcher *runs.Launcher, record history.Record) RunDetail {
	liveness, _ := launcher.Liveness(ctx, record)
	waits, _ := launcher.WaitsFor(ctx, record)
	return RunDetail{record, liveness, waits}
}
