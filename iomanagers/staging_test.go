package iomanagers_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fxrun/fxrun/iomanagers"
)

// observed calls what it is given just before values get their place.
type observed struct {
	*iomanagers.MemoryManager
	before func() error
}

type observedValue struct {
	iomanagers.Staged
	before func() error
}

func (w observed) Stages(iomanagers.IOManager) bool { return true }

func (w observed) Stage(ctx context.Context, out iomanagers.Output, value any) (iomanagers.Staged, error) {
	staged, err := w.MemoryManager.Stage(ctx, out, value)
	return observedValue{staged, w.before}, err
}

func (v observedValue) Commit() error {
	if err := v.before(); err != nil {
		return errors.Join(err, v.Discard())
	}
	return v.Staged.Commit()
}

// plain stores values, and can't make them ready.
type plain struct{ iomanagers.IOManager }

func assign(manager iomanagers.IOManager, assets ...string) []iomanagers.Assignment {
	var all []iomanagers.Assignment
	for _, asset := range assets {
		all = append(all, iomanagers.Assignment{Manager: manager, Output: iomanagers.Output{Asset: asset}, Value: asset})
	}
	return all
}

// stored returns those of the assets that have a value.
func stored(t *testing.T, manager iomanagers.IOManager, assets ...string) (found []string) {
	t.Helper()
	for _, asset := range assets {
		var value string
		err := manager.Load(t.Context(), iomanagers.Input{Asset: asset}, &value)
		if err == nil {
			found = append(found, value)
		} else if !errors.Is(err, iomanagers.ErrNotFound) {
			t.Error(err)
		}
	}
	return found
}

func TestStoreAll(t *testing.T) {
	t.Parallel()
	t.Run("is not interrupted between two values", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		memory := iomanagers.NewMemory()
		manager := observed{memory, func() error { cancel(); return nil }}
		if err := iomanagers.StoreAll(ctx, assign(manager, "a", "b", "c")); err != nil {
			t.Errorf("the context ends while the values get their places, and StoreAll answers %v", err)
		}
		if diff := cmp.Diff([]string{"a", "b", "c"}, stored(t, memory, "a", "b", "c")); diff != "" {
			t.Errorf("what is stored differs (-want +got):\n%s", diff)
		}
	})
	t.Run("stores nothing if its context has ended before", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		memory := iomanagers.NewMemory()
		manager := plain{observedStore{memory, cancel}}
		err := iomanagers.StoreAll(ctx, append(assign(memory, "a", "b"), assign(manager, "c")...))
		want := "storing a, b: context canceled; the new values of these are stored: c"
		if !errors.Is(err, context.Canceled) || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
		if diff := cmp.Diff([]string{"c"}, stored(t, memory, "a", "b", "c")); diff != "" {
			t.Errorf("what is stored differs (-want +got):\n%s", diff)
		}
	})
	t.Run("calls the Store of a manager around one that stages", func(t *testing.T) {
		t.Parallel()
		memory := iomanagers.NewMemory()
		files, err := iomanagers.NewFiles(iomanagers.FilesConfig{Root: t.TempDir()})
		if err != nil {
			t.Fatal(err)
		}
		for _, manager := range []iomanagers.IOManager{aroundMemory{memory}, aroundFiles{files}, aroundCodecs{files.CodecManager}, &aroundFiles{files}} {
			if err := iomanagers.StoreAll(t.Context(), assign(manager, "a", "b")); err != nil {
				t.Fatal(err)
			}
			if got := stored(t, manager, "a", "b", "around/a", "around/b"); !slices.Equal(got, []string{"around/a", "around/b"}) {
				t.Errorf("%T: got the values of %q", manager, got)
			}
		}
	})
	t.Run("says which values are stored where the last step of another fails", func(t *testing.T) {
		t.Parallel()
		memory := iomanagers.NewMemory()
		calls := 0
		manager := observed{memory, func() error {
			if calls++; calls == 3 {
				return errors.New("no more space")
			}
			return nil
		}}
		err := iomanagers.StoreAll(t.Context(), assign(manager, "a", "b", "c", "d"))
		want := "no more space; the new values of these are stored: a, b"
		if err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
		if diff := cmp.Diff([]string{"a", "b"}, stored(t, memory, "a", "b", "c", "d")); diff != "" {
			t.Errorf("what is stored differs (-want +got):\n%s", diff)
		}
	})
}

// These store under other keys than they are given.
type (
	aroundMemory struct{ *iomanagers.MemoryManager }
	aroundFiles  struct{ *iomanagers.FileManager }
	aroundCodecs struct{ *iomanagers.CodecManager }
)

func around(ctx context.Context, m iomanagers.IOManager, out iomanagers.Output, value any) error {
	out.Asset = "around/" + out.Asset
	return m.Store(ctx, out, "around/"+value.(string))
}

func (a aroundMemory) Store(ctx context.Context, out iomanagers.Output, value any) error {
	return around(ctx, a.MemoryManager, out, value)
}

func (a aroundFiles) Store(ctx context.Context, out iomanagers.Output, value any) error {
	return around(ctx, a.FileManager, out, value)
}

func (a aroundCodecs) Store(ctx context.Context, out iomanagers.Output, value any) error {
	return around(ctx, a.CodecManager, out, value)
}

// observedStore calls what it is given when it has stored.
type observedStore struct {
	*iomanagers.MemoryManager
	after func()
}

func (w observedStore) Store(ctx context.Context, out iomanagers.Output, value any) error {
	defer w.after()
	return w.MemoryManager.Store(ctx, out, value)
}
