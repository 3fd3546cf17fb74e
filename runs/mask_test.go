package runs_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"strings"
	"testing"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/runs"
)

const (
	hunter  = `hunter2"<&\/ü`
	dsnWord = "open/sesame"
	pin     = 47110815
)

// login is what a client sends, and what its server repeats.
type login struct {
	Key   container.Secret[string] `json:"key"`
	Plain string                   `json:"plain"`
}

type echo struct{ login login }

// said is a value with a form of its own.
type said struct{ Words []string }

func (s said) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string][]string{"words": s.Words})
}

// givenAway are texts that quote the secrets in every way.
func givenAway() string {
	written, _ := json.Marshal(hunter)
	return strings.Join([]string{
		hunter, fmt.Sprintf("%q", hunter), string(written), url.QueryEscape(hunter), base64.StdEncoding.EncodeToString([]byte("me:" + hunter)),
		dsnWord, url.QueryEscape(dsnWord), fmt.Sprint(pin),
	}, " | ")
}

// leaks says which of the secrets a text gives away.
func leaks(text string) string {
	for _, form := range []string{"hunter", "sesame", fmt.Sprint(pin), base64.StdEncoding.EncodeToString([]byte("me:" + hunter))[5:14]} {
		if strings.Contains(text, form) {
			return form
		}
	}
	return ""
}

type clientConfig struct {
	DSN container.Secret[string]
	PIN container.Secret[int]
}

// echoing are resources and steps that tell their secrets in whatever they say.
func echoing(t *testing.T, fail func() error) ([]container.Definition, []assets.Definition) {
	t.Helper()
	config := clientConfig{container.NewSecret("postgres://me:" + url.QueryEscape(dsnWord) + "@host/db"), container.NewSecret(pin)}
	resources := []container.Definition{
		iomanagers.Memory("io_manager"),
		container.Provide("client", func(lc fx.Lifecycle, _ clientConfig, log *slog.Logger) *echo {
			log.Info("starting " + givenAway())
			lc.Append(fx.StopHook(func() error { return errors.New("stopping: " + givenAway()) }))
			return &echo{}
		}, container.Config(config)),
		container.Provide("shared", func(login) *database { return &database{} }, container.PerProcess(), container.Config(login{Key: container.NewSecret(hunter)})),
	}
	list := []assets.Definition{
		assets.New("left", func(step *assets.Context, _ *echo, _ *database) (left, error) {
			step.AddMetadata("text", givenAway())
			step.AddMetadata("error", errors.New(givenAway()))
			step.AddMetadata("list", []any{givenAway(), map[string]any{givenAway(): pin}})
			step.AddMetadata("number", pin)
			step.AddMetadata("own", said{[]string{givenAway()}})
			step.AddMetadata("count", 1200)
			step.Logger().With("with", givenAway()).WithGroup("group").Info("calling "+givenAway(), "text", givenAway(), "error", errors.New(givenAway()),
				slog.Group("more", "own", said{[]string{givenAway()}}, "number", pin), "bytes", []byte(hunter), "logged", slog.AnyValue(givenAway()))
			return 1, nil
		}),
		assets.New("right", func(_ *echo, _ *database) (right, error) { return 0, fail() }),
		assets.New("bottom", func(right) bottom { return 1 }),
	}
	return resources, list
}

func TestNoSecretOfARunIsInItsHistoryOrItsLog(t *testing.T) {
	t.Parallel()
	for name, fail := range map[string]func() error{
		"in an error":          func() error { return fmt.Errorf("the server says: %w: %s", fs.ErrPermission, givenAway()) },
		"in a panic":           func() error { panic(givenAway()) },
		"in a permanent error": func() error { return assets.Permanent(errors.New(givenAway())) },
		"in several errors":    func() error { return errors.Join(errors.New(givenAway()), fmt.Errorf("%q", givenAway())) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var outside bytes.Buffer
			resources, list := echoing(t, fail)
			store := history.NewMemoryStore()
			launcher := newLauncher(t, runs.LauncherConfig{Store: store, Logger: slog.New(slog.NewJSONHandler(&outside, nil))}, resources, list...)
			var seen []history.Event
			record, err := run(t, launcher, runs.Request{Selection: "*", Tags: map[string]string{"note": givenAway(), givenAway(): "key"}, Observe: func(event history.Event) { seen = append(seen, event) }})
			if err == nil || leaks(fmt.Sprintf("%v %+v", err, err)) != "" {
				t.Errorf("the error is %+v", err)
			}
			if name == "in an error" && !errors.Is(err, fs.ErrPermission) {
				t.Errorf("%v does not match what it matched", err)
			}
			stored, err := store.Events(t.Context(), history.EventQuery{RunID: record.ID})
			if err != nil || len(stored) != len(seen) {
				t.Fatalf("%d events are stored and %d were seen, %v", len(stored), len(seen), err)
			}
			masked := 0
			for _, event := range append(seen, stored...) {
				text, err := json.Marshal(event)
				if err != nil || leaks(string(text)) != "" {
					t.Errorf("%s holds %s: %v", text, leaks(string(text)), err)
				}
				masked += strings.Count(string(text), container.Masked)
			}
			if masked < 50 {
				t.Errorf("only %d texts are masked: the test looks at the wrong events", masked)
			}
			if text := outside.String(); leaks(text) != "" || strings.Count(text, container.Masked) < 20 {
				t.Errorf("the log holds %s:\n%s", leaks(text), text)
			}
			for _, event := range stored {
				if made, ok := event.Data.(history.AssetMaterialized); ok && fmt.Sprint(made.Metadata["count"]) != "1200" {
					t.Errorf("what is no secret is %v", made.Metadata)
				}
			}
		})
	}
}

// checkedLogin tells its key where it is wrong.
type checkedLogin struct{ Key container.Secret[string] }

func (c checkedLogin) Validate() error { return fmt.Errorf("the key %q is too old", c.Key.Reveal()) }

func TestNoSecretIsInTheErrorOfALaunch(t *testing.T) {
	t.Parallel()
	launcher := newLauncher(t, runs.LauncherConfig{}, append(memory(),
		container.Provide("client", func(checkedLogin) *echo { return nil }, container.Config(checkedLogin{container.NewSecret(hunter)}))),
		assets.New("left", func(*echo) left { return 1 }))
	_, err := launcher.Launch(t.Context(), runs.Request{Selection: "*"})
	if want := `the key "******" is too old`; err == nil || !strings.Contains(err.Error(), want) || leaks(err.Error()) != "" {
		t.Errorf("the error is %v", err)
	}
}

// telling is an IO manager that quotes its key in its errors.
type telling struct {
	iomanagers.IOManager
	key string
}

func (t telling) Load(context.Context, iomanagers.Input, any) error {
	return fmt.Errorf("asking with %q: %w", t.key, iomanagers.ErrNotFound)
}

func TestNoSecretIsInTheErrorOfReadingAValue(t *testing.T) {
	t.Parallel()
	launcher := newLauncher(t, runs.LauncherConfig{}, []container.Definition{
		container.Provide("io_manager", func(c login) iomanagers.IOManager {
			return telling{iomanagers.NewMemory(), c.Key.Reveal()}
		}, container.Config(login{Key: container.NewSecret(hunter)})),
	}, assets.New("left", func() left { return 1 }))
	_, err := runs.Value[left](t.Context(), launcher, "left")
	if !errors.Is(err, iomanagers.ErrNotFound) || !strings.Contains(err.Error(), container.Masked) || leaks(err.Error()) != "" {
		t.Errorf("the error is %v", err)
	}
}
