package historytest

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fxrun/fxrun/history"
)

// CheckRun checks that the log reaches at least to an event and that the
// record agrees with it.
func CheckRun(t testing.TB, store history.Store, id string, seq int64) {
	t.Helper()
	log, err := store.Events(t.Context(), history.EventQuery{RunID: id})
	if err != nil {
		t.Fatal(err)
	}
	if int64(len(log)) < seq {
		t.Errorf("run %s has %d events, although %d were acknowledged", id, len(log), seq)
	}
	var want history.Record
	for _, event := range log {
		if err := want.Apply(event); err != nil {
			t.Fatal(err)
		}
	}
	got, err := history.Find(t.Context(), store, id)
	if err != nil {
		t.Fatal(err)
	}
	for i := range got.Steps {
		got.Steps[i].Progress = history.Progress{} // which no log has
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the record of run %s is not the sum of its log (-want +got):\n%s", id, diff)
	}
}
