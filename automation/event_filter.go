package automation

import (
	"context"
	"slices"

	"github.com/fxrun/fxrun/history"
)

// eventFilter says for which events a sensor ticks.
type eventFilter struct {
	kind     history.EventType
	assets   []string
	statuses []history.Status
	jobs     []string
	tags     map[string]string
}

// fits reports whether an event may be one for the sensor. What it needs the run for, it
// leaves to fitsRun.
func (f *eventFilter) fits(event history.Event) bool {
	switch data := event.Data.(type) { //nolint:gochecksumtype // a sensor is about these
	case history.AssetMaterialized:
		return f.kind == history.TypeAssetMaterialized && (len(f.assets) == 0 || slices.Contains(f.assets, data.Asset))
	case history.RunFinished:
		return f.kind == history.TypeRunFinished && (len(f.statuses) == 0 || slices.Contains(f.statuses, data.Status))
	}
	return false
}

// fitsRun reports whether the run of an event is one for the sensor with that name.
func (f *eventFilter) fitsRun(record history.Record, sensor string) bool {
	if f.kind != history.TypeRunFinished {
		return true
	}
	if record.Tags[TagSensor] == sensor || len(f.jobs) > 0 && !slices.Contains(f.jobs, record.Job) {
		return false
	}
	for name, value := range f.tags {
		if got, ok := record.Tags[name]; !ok || got != value {
			return false
		}
	}
	return true
}

// record reads the run of an event. A run that was removed since is known only by its ID.
func recordOf(ctx context.Context, store history.Store, event history.Event) (history.Record, error) {
	found, err := store.Runs(ctx, history.RunQuery{ID: event.RunID, Limit: 1})
	if err != nil || len(found) == 0 {
		return history.Record{ID: event.RunID}, err
	}
	return found[0], nil
}
