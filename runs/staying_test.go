package runs_test

import (
	"errors"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/iomanagers/sqltable"
	"github.com/fxrun/fxrun/modules/sqldb"
	"github.com/fxrun/fxrun/modules/sqldb/sqlite"
	"github.com/fxrun/fxrun/runs"
)

// wrapper is an IO manager that is built from another one.
type wrapper struct{ iomanagers.IOManager }

// manyMachines is an executor that has steps executed on many machines.
type manyMachines struct{ *remote }

func (manyMachines) Place(string) history.Cluster { return history.Cluster{Name: "test"} }

// sharing is an IO manager that says itself that every machine can load its values.
type sharing struct{ iomanagers.IOManager }

func (sharing) StaysOnMachine() string { return "" }

// sharingChecker is what the definition of such a manager says.
type sharingChecker struct{ sharing }

func (sharingChecker) Check(string, reflect.Type) error { return nil }

type ledger []struct{ ID int }

func TestValuesThatStayOnAMachineAreRefusedForManyMachines(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	database := func(cfg sqlite.Config) []container.Definition {
		return []container.Definition{
			container.Provide("database", sqlite.New, container.Config(cfg)),
			sqltable.Tables("io_manager", sqltable.Config{}),
		}
	}
	wrapped := func(files iomanagers.FilesConfig, options ...container.Option) []container.Definition {
		options = append(options, container.As[iomanagers.IOManager]())
		return []container.Definition{
			iomanagers.Files("files", files),
			container.Provide("io_manager", func(files *iomanagers.FileManager) wrapper { return wrapper{files} }, options...),
		}
	}
	shared := container.RunConfig{Resources: map[string]any{"io_manager": container.Fields{"shared": true}}}
	for name, c := range map[string]struct {
		definitions []container.Definition
		config      container.RunConfig
		want        []string // in the error; nil if the run is taken
	}{
		"files are refused": {
			definitions: []container.Definition{iomanagers.Files("io_manager", iomanagers.FilesConfig{Root: folder})},
			want:        []string{"ledger is stored by io_manager, from which another machine can't load it: it keeps files in the folder " + folder, `"shared"`, "store it in a database"},
		},
		"files in a shared folder are taken": {
			definitions: []container.Definition{iomanagers.Files("io_manager", iomanagers.FilesConfig{Root: folder, Shared: true})},
		},
		"files in a folder that the launch shares are taken": {
			definitions: []container.Definition{iomanagers.Files("io_manager", iomanagers.FilesConfig{Root: folder})},
			config:      shared,
		},
		"files in a shared folder with a relative path are refused": {
			definitions: []container.Definition{iomanagers.Files("io_manager", iomanagers.FilesConfig{Root: "values", Shared: true})},
			want:        []string{"its folder values is shared, but is a relative path", "give an absolute path"},
		},
		"the default folder is refused": {
			definitions: []container.Definition{iomanagers.Files("io_manager", iomanagers.FilesConfig{Shared: true})},
			want:        []string{"its folder data is shared, but is a relative path"},
		},
		"tables of SQLite are refused": {
			definitions: database(sqlite.Config{Path: filepath.Join(folder, "a.db")}),
			want:        []string{"ledger is stored by io_manager, from which another machine can't load it: it needs resource database: its database is the file " + folder},
		},
		"tables of SQLite are taken if all workers are on its machine": {
			definitions: database(sqlite.Config{Path: filepath.Join(folder, "a.db"), Shared: true}),
		},
		"tables of SQLite in memory are refused for any other process": {
			definitions: database(sqlite.Config{Path: sqlite.Memory}),
			want:        []string{"from which another process can't load it: it needs resource database: its database is in the memory of the process"},
		},
		"a manager that is built from files is refused": {
			definitions: wrapped(iomanagers.FilesConfig{Root: folder}),
			want:        []string{"ledger is stored by io_manager, from which another machine can't load it: it needs resource files: it keeps files in"},
		},
		"a manager that is built from files in a shared folder is taken": {
			definitions: wrapped(iomanagers.FilesConfig{Root: folder, Shared: true}),
		},
		"a manager's own word counts, and the resource is named for itself": {
			definitions: wrapped(iomanagers.FilesConfig{Root: folder}, iomanagers.Checks(sharingChecker{})),
			want:        []string{"the run uses resource files, of which another machine sees nothing: it keeps files in"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			launcher := newLauncher(t, runs.LauncherConfig{Executor: manyMachines{new(remote)}}, c.definitions, assets.New("ledger", func() ledger { return nil }))
			_, err := launcher.Prepare(runs.Request{Selection: "*", Config: c.config})
			if c.want == nil {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if !errors.Is(err, container.ErrInvalid) {
				t.Fatalf("got %v", err)
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got %v, want %q in it", err, want)
				}
			}
		})
	}
	t.Run("a manager that is given to the launcher is asked itself", func(t *testing.T) {
		t.Parallel()
		files, err := iomanagers.NewFiles(iomanagers.FilesConfig{Root: folder})
		if err != nil {
			t.Fatal(err)
		}
		definition := assets.New("ledger", func() ledger { return nil })
		launcher := newLauncher(t, runs.LauncherConfig{Executor: manyMachines{new(remote)}, IO: files}, memory(), definition)
		if _, err := launcher.Prepare(runs.Request{Selection: "*"}); err == nil || !strings.Contains(err.Error(), "another machine can't load it") {
			t.Errorf("got %v", err)
		}
		launcher = newLauncher(t, runs.LauncherConfig{Executor: manyMachines{new(remote)}, IO: sharing{files}}, memory(), definition)
		if _, err := launcher.Prepare(runs.Request{Selection: "*"}); err != nil {
			t.Error(err)
		}
	})
	t.Run("all of it is taken for processes of one machine", func(t *testing.T) {
		t.Parallel()
		launcher := newLauncher(t, runs.LauncherConfig{Executor: new(remote)}, database(sqlite.Config{Path: filepath.Join(folder, "a.db")}), assets.New("ledger", func() ledger { return nil }))
		if _, err := launcher.Prepare(runs.Request{Selection: "*"}); err != nil {
			t.Error(err)
		}
	})
	t.Run("a resource that only steps use is refused", func(t *testing.T) {
		t.Parallel()
		definitions := append(database(sqlite.Config{Path: filepath.Join(folder, "a.db")})[:1], iomanagers.Files("io_manager", iomanagers.FilesConfig{Root: folder, Shared: true}))
		launcher := newLauncher(t, runs.LauncherConfig{Executor: manyMachines{new(remote)}}, definitions, assets.New("ledger", func(*sqldb.DB) ledger { return nil }))
		_, err := launcher.Prepare(runs.Request{Selection: "*"})
		if err == nil || !strings.Contains(err.Error(), "the run uses resource database, of which another machine sees nothing: its database is the file "+folder) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("an IO manager that is known only on the worker is refused before the step", func(t *testing.T) {
		t.Parallel()
		unknown := []container.Definition{container.Provide("io_manager", func() (iomanagers.IOManager, error) {
			return iomanagers.NewFiles(iomanagers.FilesConfig{Root: folder})
		})}
		definition := assets.New("ledger", func() ledger { return nil })
		executor := manyMachines{&remote{worker: newLauncher(t, runs.LauncherConfig{Executor: manyMachines{}}, unknown, definition)}}
		launcher := newLauncher(t, runs.LauncherConfig{Executor: executor}, unknown, definition)
		if _, err := run(t, launcher, runs.Request{Selection: "*"}); err == nil || !strings.Contains(err.Error(), "ledger is stored by io_manager, from which another machine can't load it") {
			t.Errorf("got %v", err)
		}
	})
}
