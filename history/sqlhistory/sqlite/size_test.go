package sqlite_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/history/sqlhistory/sqlite"
)

// Pages that pruning makes free are used again, so a file under continuous load has the size
// of the runs that are kept.
func TestTheFileStaysAsSmallAsWhatIsKept(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it writes a few thousand runs")
	}
	const kept, warm, all = 100, 300, 1500
	folder := t.TempDir()
	store := open(t, folder)
	size := func() (total int64) {
		for _, name := range []string{sqlite.FileName, sqlite.FileName + "-wal"} {
			info, err := os.Stat(filepath.Join(folder, name))
			if err != nil {
				t.Fatal(err)
			}
			total += info.Size()
		}
		return total
	}
	line := history.LogWritten{Message: strings.Repeat("x", 300)}
	var warmed int64
	for n := range all {
		id := fmt.Sprintf("r%d", n)
		events := []history.EventData{history.RunQueued{Job: "often", Steps: []string{"s"}}, history.RunStarting{}, history.RunStarted{}, history.StepStarted{Step: "s", Attempt: 1}}
		for range 30 {
			events = append(events, line)
		}
		events = append(events, history.AssetMaterialized{Asset: fmt.Sprintf("a%d", n%7), Step: "s"}, history.StepSucceeded{Step: "s"}, history.RunFinished{Status: history.StatusSucceeded})
		batch := make([]history.Event, len(events))
		for i := range events {
			batch[i] = history.Event{RunID: id, Time: time.Now(), Data: events[i]}
		}
		if _, err := store.Append(t.Context(), batch...); err != nil {
			t.Fatal(err)
		}
		found, err := store.Prunable(t.Context(), history.Retention{Keep: kept, Limit: 10})
		if err != nil {
			t.Fatal(err)
		}
		for _, run := range found {
			if _, err := store.Prune(t.Context(), run.ID); err != nil {
				t.Fatal(err)
			}
		}
		if n == warm {
			warmed = size()
		}
	}
	if now := size(); now > warmed*11/10 {
		t.Errorf("the files have %d bytes after %d runs, and %d after %d, although %d are kept", now, all, warmed, warm, kept)
	}
	runs, err := store.Runs(t.Context(), history.RunQuery{OmitSteps: true})
	if err != nil || len(runs) != kept {
		t.Errorf("%d runs are kept, %v, want %d", len(runs), err, kept)
	}
}
