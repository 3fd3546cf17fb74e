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
	// is "" for other runs. If the process is gone, the run is lost, or it goes on without the
	// process: see IsLost and GoesOn.
	Liveness runs.Liveness `json:"liveness,omitempty"`
	// WaitsFor says what a queued run waits for. It is "" for other runs.
	WaitsFor string `json:"waits_for,omitempty"`
}

// IsLost reports whether a run has not finished, and nothing will go on with it: its process
// is gone, and no other process may take the run or take it over.
func (d RunDetail) IsLost() bool {
	return d.Liveness == runs.LivenessGone && !d.Takeable && d.Cluster == (history.Cluster{})
}

// MayBeLost reports whether it is not known whether the run is lost.
func (d RunDetail) MayBeLost() bool {
	return d.Liveness == runs.LivenessUnknown && !d.Takeable && d.Cluster == (history.Cluster{})
}

// GoesOn reports whether the process of a run is gone, and the run goes on in its cluster
// until another process takes it over.
func (d RunDetail) GoesOn() bool {
	return d.Liveness == runs.LivenessGone && d.Cluster != (history.Cluster{}) && !d.Status.Finished()
}

// State returns the status of a run, for people. Of a run whose process has ended, or may have
// ended, without recording the end of the run, it says so too: "running (lost)".
func (d RunDetail) State() string {
	switch {
	case d.IsLost():
		return string(d.Status) + " (lost)"
	case d.MayBeLost():
		return string(d.Status) + " (possibly lost)"
	case d.GoesOn():
		return string(d.Status) + " (launcher gone)"
	}
	return string(d.Status)
}

// DescribeRun adds to the record of a run what a launcher finds out. It changes nothing.
// What cannot be found out stays empty.
func DescribeRun(ctx context.Context, launcher *runs.Launcher, record history.Record) RunDetail {
	liveness, _ := launcher.Liveness(ctx, record)
	waits, _ := launcher.WaitsFor(ctx, record)
	return RunDetail{record, liveness, waits}
}
