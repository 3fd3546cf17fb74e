package runs_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/runs"
)

func TestTextsOfAStepThatAreTooLongForTheHistoryAreCut(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("long ", 10<<20)
	launcher := newLauncher(t, runs.LauncherConfig{}, memory(),
		assets.New("fails", func() error { return errors.New(long) }),
		assets.New("panics", func() error { panic(long) }),
		assets.New("tells", func(step *assets.Context) error {
			step.Logger().Info("said", "text", long)
			step.AddMetadata("text", long)
			step.AddMetadata("rows", 3)
			return nil
		}))
	record, err := run(t, launcher, runs.Request{Selection: "*"})
	if err == nil || !strings.Contains(err.Error(), long) {
		t.Error("the caller does not get the whole text of the error")
	}
	stored, err := launcher.Store().Events(t.Context(), history.EventQuery{RunID: record.ID})
	if err != nil {
		t.Fatal(err)
	}
	const cut, left = "this is the beginning of a text of 524", "not recorded: a string of 52428800 bytes"
	var found []string
	for _, event := range stored {
		var text, want string
		switch data := event.Data.(type) {
		case history.StepFailed:
			text, want = data.Error.Message, cut
		case history.RunFinished:
			text, want = data.Error.Message, "this is the beginning of a text of 1048" // of both errors
		case history.AssetMaterialized:
			if data.Asset != "tells" {
				continue
			}
			text, want = fmt.Sprint(data.Metadata), left
			if !strings.Contains(text, "rows:3") {
				t.Errorf("the other metadata is lost: %.200s", text)
			}
		case history.LogWritten:
			text, want = fmt.Sprint(data.Attrs), left
		default:
			continue
		}
		found = append(found, string(event.Type()))
		if len(text) > 1<<20 || !strings.Contains(text, want) {
			t.Errorf("%s keeps %d bytes: %.200s", event.Type(), len(text), text)
		}
	}
	if len(found) != 5 {
		t.Errorf("found %v", found)
	}
}
