package runs_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/runs"
)

func TestAttributesOfALineKeepTheirOrder(t *testing.T) {
	t.Parallel()
	type point struct{ Y, X any }
	for name, test := range map[string]struct {
		log  func(logger *slog.Logger)
		want string
	}{
		"as the line gives them":        {func(l *slog.Logger) { l.Info("", "z", 1, "a", 2, "m", 3) }, `{"z":1,"a":2,"m":3}`},
		"after those of the logger":     {func(l *slog.Logger) { l.With("z", 1).Info("", "a", 2) }, `{"z":1,"a":2}`},
		"in a group":                    {func(l *slog.Logger) { l.Info("", slog.Group("z", "b", 1, "a", 2), "a", 3) }, `{"z":{"b":1,"a":2},"a":3}`},
		"in a group of the logger":      {func(l *slog.Logger) { l.With("b", 0).WithGroup("g").With("z", 1).Info("", "a", 2) }, `{"b":0,"g":{"z":1,"a":2}}`},
		"in groups with the same name":  {func(l *slog.Logger) { l.Info("", slog.Group("g", "b", 1), "z", 2, slog.Group("g", "a", 3)) }, `{"g":{"b":1,"a":3},"z":2}`},
		"in a group without a name":     {func(l *slog.Logger) { l.Info("", "z", 1, slog.Group("", "b", 1), "a", 2) }, `{"z":1,"b":1,"a":2}`},
		"without empty groups":          {func(l *slog.Logger) { l.WithGroup("z").Info("", slog.Group("y")) }, ``},
		"with the last value of a name": {func(l *slog.Logger) { l.With("z", 1, "y", 2).Info("", "z", 3) }, `{"z":3,"y":2}`},
		"where a group replaces a value": {
			func(l *slog.Logger) { l.Info("", "g", 1, "z", 2, slog.Group("g", "b", 3)) }, `{"g":{"b":3},"z":2}`,
		},
		"with the fields of a struct": {func(l *slog.Logger) { l.Info("", "at", point{1, 2}) }, `{"at":{"Y":1,"X":2}}`},
		"with durations as text": {
			func(l *slog.Logger) {
				l.Info("", "took", time.Second, "each", []time.Duration{time.Minute}, "by", map[int]any{1: time.Hour}, slog.Group("g", "took", time.Second))
			}, `{"took":"1s","each":["1m0s"],"by":{"1":"1h0m0s"},"g":{"took":"1s"}}`,
		},
		"where secrets are masked": {
			func(l *slog.Logger) {
				l.Info("", "z", point{hunter, "a"}, "a", []any{pin}, slog.Group("g", "z", 1, hunter, errors.New(hunter), "a", 2))
			},
			`{"z":{"Y":"******","X":"a"},"a":["******"],"g":{"z":1,"******":"******","a":2}}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config := clientConfig{container.NewSecret(hunter), container.NewSecret(pin)}
			launcher := newLauncher(t, runs.LauncherConfig{}, []container.Definition{
				container.Provide("database", func(clientConfig) *database { return &database{} }, container.Config(config)),
			}, assets.New("left", func(step *assets.Context, _ *database) error { test.log(step.Logger()); return nil }))
			record, err := run(t, launcher, runs.Request{Selection: "*"})
			if err != nil {
				t.Fatal(err)
			}
			stored, err := launcher.Store().Events(t.Context(), history.EventQuery{RunID: record.ID, Types: []history.EventType{history.TypeLogWritten}})
			if err != nil || len(stored) != 1 {
				t.Fatalf("got %v, %v", stored, err)
			}
			line, _ := stored[0].Data.(history.LogWritten)
			got := ""
			if line.Attrs != nil {
				encoded, err := json.Marshal(line.Attrs)
				if err != nil {
					t.Fatal(err)
				}
				got = string(encoded)
			}
			if got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

// written counts how often something writes it as text or JSON.
type written struct{ times *atomic.Int32 }

func (w written) String() string               { w.times.Add(1); return "written" }
func (w written) MarshalJSON() ([]byte, error) { w.times.Add(1); return []byte(`"written"`), nil }

// unmoved is a slog.Handler that takes every line and writes nothing.
type unmoved struct{}

func (unmoved) Enabled(context.Context, slog.Level) bool  { return true }
func (unmoved) Handle(context.Context, slog.Record) error { return nil }
func (h unmoved) WithAttrs([]slog.Attr) slog.Handler      { return h }
func (h unmoved) WithGroup(string) slog.Handler           { return h }

func TestValuesAreWrittenToFindSecretsOnlyWhereThereAreSome(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		config login
		want   bool
	}{
		"a run with a secret":  {login{Key: container.NewSecret(hunter)}, true},
		"a run without secret": {login{Plain: "plain text"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			value := written{new(atomic.Int32)}
			launcher := newLauncher(t, runs.LauncherConfig{Logger: slog.New(unmoved{}), LogLevel: slog.LevelError}, append(memory(),
				container.Provide("database", func(login) *database { return &database{} }, container.Config(test.config))),
				assets.New("left", func(step *assets.Context, _ *database) error { step.Logger().Info("told", "value", value); return nil }))
			if _, err := run(t, launcher, runs.Request{Selection: "*"}); err != nil {
				t.Fatal(err)
			}
			if got := value.times.Load() > 0; got != test.want {
				t.Errorf("the value was written %d times", value.times.Load())
			}
		})
	}
}
