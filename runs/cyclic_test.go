package runs_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/runs"
)

// selfish gives itself, in a group, as what is to be logged.
type selfish struct{}

func (selfish) LogValue() slog.Value { return slog.GroupValue(slog.Any("again", selfish{})) }

func TestValuesWithoutAnEndDoNotEndTheProcess(t *testing.T) {
	t.Parallel()
	self := map[string]any{}
	self["again"] = self
	launcher := newLauncher(t, runs.LauncherConfig{Logger: slog.New(slog.NewTextHandler(new(bytes.Buffer), nil))}, memory(),
		assets.New("left", func(step *assets.Context) left {
			step.Logger().With("with", self).Info("said", "self", self, "group", selfish{}, "took", time.Minute)
			step.AddMetadata("self", self)
			step.AddMetadata("took", time.Second)
			return 1
		}))
	record, err := run(t, launcher, runs.Request{Selection: "*"})
	if err != nil {
		t.Fatal(err)
	}
	stored, err := launcher.Store().Events(t.Context(), history.EventQuery{RunID: record.ID})
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, event := range stored {
		var self, got any
		took := "1m0s"
		switch data := event.Data.(type) {
		case history.LogWritten:
			self, got = data.Attrs.Get("self"), data.Attrs.Get("took")
		case history.AssetMaterialized:
			self, got, took = data.Metadata["self"], data.Metadata["took"], "1s"
		default:
			continue
		}
		found++
		if text, _ := self.(string); !strings.Contains(text, "not recorded: a map[string]interface {} that refers to itself") || got != took {
			t.Errorf("%s: %v", event.Type(), event.Data)
		}
	}
	if found != 2 {
		t.Errorf("%d events", found)
	}
}
