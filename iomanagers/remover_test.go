package iomanagers_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/fxrun/fxrun/iomanagers"
)

func TestRemovingTheValuesBelowAKey(t *testing.T) {
	t.Parallel()
	for name, manager := range map[string]func(t *testing.T) iomanagers.IOManager{
		"in memory": func(*testing.T) iomanagers.IOManager { return iomanagers.NewMemory() },
		"in files":  func(t *testing.T) iomanagers.IOManager { return newFiles(t, t.TempDir(), everyCodec()...) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := manager(t)
			gone := []iomanagers.Output{
				{Asset: "~run/op"}, {Asset: "~run/op/deeper"}, {Asset: "~run/op", Partition: "p"}, {Asset: "~run/Other Op", Format: "gob"},
			}
			kept := []iomanagers.Output{{Asset: "~run2/op"}, {Asset: "~ru/op"}, {Asset: "run/op"}, {Asset: "~run"}, {Asset: "op"}}
			for _, out := range append(gone, kept...) {
				store(t, m, out, 7)
			}
			for range 2 {
				if err := m.(iomanagers.Remover).RemoveBelow(t.Context(), "~run"); err != nil {
					t.Fatal(err)
				}
			}
			load := func(out iomanagers.Output) error {
				var value int
				return m.Load(t.Context(), iomanagers.Input{Asset: out.Asset, Partition: out.Partition, Format: out.Format}, &value)
			}
			for _, out := range gone {
				if err := load(out); !errors.Is(err, iomanagers.ErrNotFound) {
					t.Errorf("loading %v gives %v, want ErrNotFound", out, err)
				}
			}
			for _, out := range kept {
				if err := load(out); err != nil {
					t.Error(err)
				}
			}
			store(t, m, gone[0], 8) // the folder is made again
			if err := load(gone[0]); err != nil {
				t.Error(err)
			}
		})
	}
	t.Run("where nothing was ever stored there is nothing to do", func(t *testing.T) {
		t.Parallel()
		root := filepath.Join(t.TempDir(), "missing")
		if err := newFiles(t, root).RemoveBelow(t.Context(), "~run"); err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(root); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("the folder is there: %v", err)
		}
	})
	t.Run("an empty key does not stand for all values", func(t *testing.T) {
		t.Parallel()
		m := newFiles(t, t.TempDir())
		store(t, m, iomanagers.Output{Asset: "orders"}, 7)
		if err := m.RemoveBelow(t.Context(), ""); err == nil {
			t.Error("it returned no error")
		}
		var value int
		if err := m.Load(t.Context(), iomanagers.Input{Asset: "orders"}, &value); err != nil {
			t.Error(err)
		}
	})
	t.Run("a link in the place of the folder is removed, and not what it leads to", func(t *testing.T) {
		t.Parallel()
		root, other := t.TempDir(), t.TempDir()
		put(t, filepath.Join(other, "kept"))
		if err := os.Symlink(other, filepath.Join(root, "%7Erun")); err != nil {
			t.Skip(err)
		}
		if err := newFiles(t, root).RemoveBelow(t.Context(), "~run"); err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(filepath.Join(other, "kept")); err != nil {
			t.Error(err)
		}
	})
}

func TestWhatAKilledProcessHasLeftOfAValueOfARunIsRemoved(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	store(t, newFiles(t, root), iomanagers.Output{Asset: "~run/op"}, 7)
	left := filepath.Join(root, ".drafts", ".tmp-left")
	put(t, left)
	store(t, newFiles(t, root), iomanagers.Output{Asset: "orders"}, 7) // another process, and another run
	if _, err := os.Stat(left); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the temporary file stays: %v", err)
	}
	for _, below := range []string{".", "%7Erun"} {
		found, err := filepath.Glob(filepath.Join(root, below, ".tmp-*"))
		if err != nil || len(found) > 0 {
			t.Errorf("in %s there is %s, %v", below, found, err)
		}
	}
}
