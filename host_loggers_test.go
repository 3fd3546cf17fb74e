package fxrun_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/runs"
)

// lines is a logger of which a test reads the lines, without their times.
type lines struct{ text bytes.Buffer }

func (l *lines) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(&l.text, &slog.HandlerOptions{ReplaceAttr: func(_ []string, attr slog.Attr) slog.Attr {
		if attr.Key == slog.TimeKey || attr.Key == "run" {
			return slog.Attr{}
		}
		return attr
	}}))
}

// inModule adds to the logger which module writes.
func inModule(name string) fx.Option {
	return fx.Decorate(func(l *slog.Logger) *slog.Logger { return l.With("module", name) })
}

func TestLoggersOfTheHost(t *testing.T) {
	t.Parallel()
	says := func(key string, opts ...container.Option) container.Resource {
		return container.Provide(key, func(l *slog.Logger) *desk {
			l.Info("made")
			return new(desk)
		}, opts...)
	}
	t.Run("are those of functions given to the container", func(t *testing.T) {
		t.Parallel()
		var log lines
		h, err := newHost(t, fx.Provide(log.logger), says("desk"))
		if err != nil {
			t.Fatal(err)
		}
		if err := h.container.Invoke(t.Context(), func(l *slog.Logger, _ *desk) { l.Info("invoked") }); err != nil {
			t.Error(err)
		}
		if want := "level=INFO msg=made resource=desk\nlevel=INFO msg=invoked\n"; log.text.String() != want {
			t.Errorf("got %s", log.text.String())
		}
	})
	t.Run("give way to the logger of a child", func(t *testing.T) {
		t.Parallel()
		var log, own lines
		h, err := newHost(t, fx.Provide(log.logger), fx.Module("one", inModule("one"), says("desk")))
		if err != nil {
			t.Fatal(err)
		}
		if err := h.container.Invoke(t.Context(), func(*desk) {}, container.Logger(own.logger())); err != nil {
			t.Error(err)
		}
		if want := "level=INFO msg=made resource=desk\n"; own.text.String() != want || log.text.Len() > 0 {
			t.Errorf("got %q and %q", own.text.String(), log.text.String())
		}
	})
	t.Run("are those of the modules in which definitions stand", func(t *testing.T) {
		t.Parallel()
		var log lines
		h, err := newHost(t, fx.Provide(log.logger),
			fx.Module("one", inModule("one"), says("desk", container.PerProcess()),
				assets.New("a", func(l *slog.Logger, _ *desk) error { l.Info("by parameter"); return nil })),
			fx.Module("two", inModule("two"), assets.New("b", func(c *assets.Context) error { c.Logger().Info("by context"); return nil }, assets.After("a"))),
			assets.New("c", func(l *slog.Logger) error { l.Info("at the root"); return nil }, assets.After("b")))
		if err != nil {
			t.Fatal(err)
		}
		if err := h.run(t); err != nil {
			t.Fatal(err)
		}
		want := `level=INFO msg=made module=one resource=desk
level=INFO msg="by parameter" module=one step=a
level=INFO msg="by context" module=two step=b
level=INFO msg="at the root" step=c
`
		if log.text.String() != want {
			t.Errorf("got %s", log.text.String())
		}
		recorded := 0
		events, err := h.launcher.Store().Events(t.Context(), history.EventQuery{})
		if err != nil {
			t.Fatal(err)
		}
		for _, event := range events {
			if _, ok := event.Data.(history.LogWritten); ok {
				recorded++
			}
		}
		if recorded != 3 {
			t.Errorf("%d lines are in the history, want those of the steps", recorded)
		}
	})
}

func TestAResourceCannotGiveWhatEveryChildHas(t *testing.T) {
	t.Parallel()
	type namedLogger struct {
		fx.Out
		Audit *slog.Logger `name:"audit"`
	}
	for name, test := range map[string]struct {
		definition container.Definition
		want       string // of the error; "" for none
	}{
		"as a logger":          {container.Supply("logger", slog.New(slog.DiscardHandler)), "*slog.Logger"},
		"as a context":         {container.Provide("context", context.Background), "context.Context"},
		"as a context by As":   {container.Provide("own", func() ownContext { return ownContext{} }, container.As[context.Context]()), "context.Context"},
		"as run information":   {container.Provide("info", func() container.RunInfo { return container.RunInfo{} }), "RunInfo"},
		"as a lifecycle":       {container.Provide("lifecycle", func() fx.Lifecycle { return nil }), "fx.Lifecycle"},
		"but may under a name": {container.Provide("audit_log", func() namedLogger { return namedLogger{Audit: slog.Default()} }), ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := newHost(t, test.definition)
			switch {
			case test.want == "" && err != nil:
				t.Error(err)
			case test.want != "" && (!errors.Is(err, container.ErrInvalid) || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), "by itself")):
				t.Errorf("got %v", err)
			}
		})
	}
}

type ownContext struct{ context.Context }

func TestALaunchWarnsOfConfigThatNothingReads(t *testing.T) {
	t.Parallel()
	type limits struct{ Rows int }
	var lines bytes.Buffer
	h, err := newHost(t, fx.Supply(slog.New(slog.NewTextHandler(&lines, nil))),
		container.Provide("db", func(limits) *database { return nil }, container.Config(limits{})),
		container.Provide("other", func(limits) *tenant { return nil }, container.Config(limits{})),
		assets.New("a", func(*database, *tenant) error { return nil }), fx.Replace(&database{"fake"}))
	if err != nil {
		t.Fatal(err)
	}
	given := container.RunConfig{Resources: map[string]any{"db": limits{3}, "other": limits{3}}}
	if _, err := h.launcher.Prepare(runs.Request{Selection: "*", Config: given}); err != nil {
		t.Fatal(err)
	}
	if text := lines.String(); strings.Count(text, "nothing reads this config") != 1 || !strings.Contains(text, "config=resources.db") {
		t.Errorf("got %s", text)
	}
}
