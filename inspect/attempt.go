package inspect

import (
	"context"

	"github.com/fxrun/fxrun/history"
)

// LastAttempt is the last time that a step was part of a run.
type LastAttempt struct {
	// Run is the ID of the run.
	Run string `json:"run"`
	history.StepRecord
}

// LastAttempts returns the last attempt at each step, by the key of the step, among the
// newest runs. runs is how many runs it looks at; 0 means 100. Steps that were skipped
// or never started do not count.
func (i *Inspector) LastAttempts(ctx context.Context, runs int) (map[string]LastAttempt, error) {
	if runs <= 0 {
		runs = 100
	}
	records, err := i.store.Runs(ctx, history.RunQuery{Limit: runs})
	if err != nil {
		return nil, err
	}
	last := make(map[string]LastAttempt)
	for _, record := range records {
		for _, step := range record.Steps {
			if _, known := last[step.Key]; known || step.Attempt == 0 {
				continue
			}
			last[step.Key] = LastAttempt{Run: record.ID, StepRecord: step}
		}
	}
	return last, nil
}
