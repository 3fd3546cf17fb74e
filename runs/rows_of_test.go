package runs_test

import (
	"context"
	"iter"
	"reflect"
	"sync"
	"testing"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/rows"
	"github.com/fxrun/fxrun/runs"
)

// seenTypes is an IO manager that notes with which types it is called.
type seenTypes struct {
	iomanagers.IOManager
	mu             sync.Mutex
	stored, loaded map[string]reflect.Type // by asset
}

func (s *seenTypes) Store(ctx context.Context, out iomanagers.Output, value any) error {
	s.mu.Lock()
	s.stored[out.Asset] = out.Type
	s.mu.Unlock()
	return s.IOManager.Store(ctx, out, value)
}

func (s *seenTypes) Load(ctx context.Context, in iomanagers.Input, dst any) error {
	s.mu.Lock()
	s.loaded[in.Asset] = in.Type
	s.mu.Unlock()
	return s.IOManager.Load(ctx, in, dst)
}

type ownRows iter.Seq2[row, error]

func TestRowsPassThroughIOManagersAsTheOptionSays(t *testing.T) {
	t.Parallel()
	seen := &seenTypes{IOManager: iomanagers.NewMemory(), stored: map[string]reflect.Type{}, loaded: map[string]reflect.Type{}}
	good := func() error { return nil }
	twice := func(in iter.Seq2[row, error]) ownRows {
		return func(yield func(row, error) bool) {
			for r, err := range in {
				if !yield(row{2 * r.ID}, err) {
					return
				}
			}
		}
	}
	launcher := newLauncher(t, runs.LauncherConfig{}, []container.Definition{
		container.Provide("io_manager", func() *seenTypes { return seen }, container.As[iomanagers.IOManager]()),
	},
		assets.New("plain", func() iter.Seq2[row, error] { return counting(300, good) }),
		assets.New("twice", twice, assets.RowsOf[row]()),
		assets.New("batches", func(in ownRows) iter.Seq2[[]row, error] { return rows.Batch(in, 100) }, assets.RowsOf[row]()),
		assets.New("sum", func(in struct {
			fx.In

			Rows iter.Seq2[row, error] `name:"twice"`
		},
		) (sum left, err error) {
			for r, err := range in.Rows {
				if err != nil {
					return 0, err
				}
				sum += left(r.ID)
			}
			return sum, nil
		}, assets.RowsOf[row]()))
	if _, err := run(t, launcher, runs.Request{Selection: "*"}); err != nil {
		t.Fatal(err)
	}
	if sum, err := runs.Value[left](t.Context(), launcher, "sum"); err != nil || sum != 300*299 {
		t.Errorf("got %v, %v", sum, err)
	}
	compiled := reflect.TypeFor[rows.Seq[row]]()
	for name, c := range map[string]struct{ got, want reflect.Type }{
		"plain is stored as it is": {seen.stored["plain"], reflect.TypeFor[iter.Seq2[row, error]]()},
		"plain is loaded compiled": {seen.loaded["plain"], compiled},
		"twice is stored compiled": {seen.stored["twice"], compiled},
		"twice is loaded compiled": {seen.loaded["twice"], compiled},
		"batches stay batches":     {seen.stored["batches"], reflect.TypeFor[iter.Seq2[[]row, error]]()},
	} {
		if c.got != c.want {
			t.Errorf("%s: got %v, want %v", name, c.got, c.want)
		}
	}
}
