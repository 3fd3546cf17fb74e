package cli_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/history/sqlhistory/sqlite"
	"github.com/fxrun/fxrun/history/sqlhistory/sqlite/sqlitefx"
)

// connectedStore can be used between its hooks only, and stands on a connection
// that has hooks too.
type connectedStore struct {
	history.Store
	connected *bool
}

func (s connectedStore) Runs(ctx context.Context, query history.RunQuery) ([]history.Record, error) {
	if !*s.connected {
		return nil, errors.New("it is not connected")
	}
	return s.Store.Runs(ctx, query)
}

func TestReadingStartsOnlyTheHistoryOfTheApplication(t *testing.T) {
	var notes []string
	kept := history.NewMemoryStore()
	hook := func(lc fx.Lifecycle, name string) {
		lc.Append(fx.StartStopHook(func() { notes = append(notes, "start "+name) }, func() { notes = append(notes, "stop "+name) }))
	}
	type connection struct{ open bool }
	type server struct{}
	definitions := func() []fx.Option {
		return []fx.Option{
			fx.Module("server", fx.Provide(func(lc fx.Lifecycle, _ *connection) *server {
				hook(lc, "server")
				return &server{}
			}), fx.Invoke(func(*server) {})),
			fx.Provide(func(lc fx.Lifecycle) *connection {
				c := new(connection)
				lc.Append(fx.StartStopHook(func() { c.open = true }, func() { c.open = false }))
				hook(lc, "connection")
				return c
			}),
			fx.Provide(func(lc fx.Lifecycle, c *connection) history.Store {
				hook(lc, "store")
				return connectedStore{kept, &c.open}
			}),
			container.Provide("cache", func(lc fx.Lifecycle) *strings.Builder {
				hook(lc, "resource")
				return new(strings.Builder)
			}, container.PerProcess(), container.Eager()),
			assets.New("one", func(*strings.Builder) int { return 1 }),
			fx.Invoke(func(lc fx.Lifecycle) { hook(lc, "application") }),
		}
	}
	newHome(t)
	succeed(t, definitions(), "run")
	for _, args := range [][]string{
		{"runs"},
		{"runs", "--json"},
		{"runs", "show"},
		{"logs"},
		{"logs", "--follow"},
		{"assets"},
		{"asset", "one"},
		{"__complete", "logs", ""},
		{"__complete", "logs", "--step", ""},
	} {
		notes = nil
		if got := execute(t, definitions(), args...); got.code != 0 {
			t.Errorf("%q: exit code %d, %s", args, got.code, got.err)
		}
		if diff := cmp.Diff([]string{"start connection", "start store", "stop store", "stop connection"}, notes); diff != "" {
			t.Errorf("%q starts (-want +got):\n%s", args, diff)
		}
	}
	for _, args := range [][]string{
		{"resources"},
		{"resource", "cache"},
		{"jobs"},
		{"graph"},
		{"config", "check"},
		{"config", "template"},
		{"config", "schema"},
		{"run", "--dry-run"},
		{"run", "-s", "nothing"},
		{"run", "nothing"},
		{"__complete", "asset", ""},
	} {
		notes = nil
		execute(t, definitions(), args...)
		if len(notes) > 0 {
			t.Errorf("%q starts %q", args, notes)
		}
	}
}

func TestTheHistoryOfAModuleIsReadWithoutMakingFiles(t *testing.T) {
	newHome(t)
	started := false
	definitions := func() []fx.Option {
		return []fx.Option{
			sqlitefx.Module("kept"),
			assets.New("one", func() int { return 1 }),
			fx.Invoke(func(lc fx.Lifecycle) { lc.Append(fx.StartHook(func() { started = true })) }),
		}
	}
	for _, args := range [][]string{{"runs"}, {"assets"}, {"asset", "one"}, {"run", "-s", "nothing"}, {"runs", "show"}, {"logs"}, {"run", "--dry-run"}} {
		execute(t, definitions(), args...)
		if names := namesIn(t, "kept"); names != nil || started {
			t.Fatalf("before the first run, %q makes %q, started %t", args, names, started)
		}
	}
	succeed(t, definitions(), "run")
	started = false
	for _, args := range [][]string{{"runs"}, {"assets"}, {"asset", "one"}, {"run", "-s", "nothing"}, {"runs", "show"}, {"logs"}, {"logs", "-f"}} {
		execute(t, definitions(), args...)
		if diff := cmp.Diff([]string{sqlite.FileName, "locks"}, namesIn(t, "kept")); diff != "" || started {
			t.Errorf("%q, started %t (-want +got):\n%s", args, started, diff)
		}
	}
	if got := succeed(t, definitions(), "runs"); !strings.Contains(got, "succeeded") {
		t.Errorf("the run is not listed:\n%s", got)
	}
}
