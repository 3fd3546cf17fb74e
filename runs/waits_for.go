package runs

import (
	"context"
	"time"

	"github.com/fxrun/fxrun/history"
)

// WaitsFor says what a queued run waits for, as a text for people that continues "the run
// waits for": for a place, for its time, or for a process that takes queued runs. It is ""
// for a run that is not queued, or whose turn comes at once. WaitsFor changes nothing.
func (l *Launcher) WaitsFor(ctx context.Context, record history.Record) (string, error) {
	if record.Status != history.StatusQueued {
		return "", nil
	}
	if time.Now().Before(record.NotBefore) {
		return "the time " + record.NotBefore.Local().Format(time.DateTime), nil
	}
	var full []limit
	for _, limit := range l.config.Limits.ofRun(record.Tags) {
		free, err := countFree(ctx, l.config.Locks, limit)
		if err != nil {
			return "", err
		}
		if free == 0 {
			full = append(full, limit)
		}
	}
	if len(full) > 0 {
		return "a place among the " + textOf(full), nil
	}
	if liveness, _ := l.Liveness(ctx, record); record.Takeable && (record.Owner == "" || liveness == LivenessGone) {
		return "a process that takes queued runs", nil
	}
	return "", nil
}
