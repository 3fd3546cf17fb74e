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

type namedPlain struct {
	fx.In

	Rows iter.Seq2[row, error] `name:"plain"`
}

// passing are assets that pass rows on by types that bring no code for them.
func passing() []assets.Definition {
	return []assets.Definition{
		assets.New("plain", func() iter.Seq2[row, error] { return counting(300, func() error { return nil }) }),
		assets.New("own", func(in namedPlain) ownRows { return ownRows(in.Rows) }),
		assets.New("batches", func(in ownRows) iter.Seq2[[]row, error] { return rows.Batch(in, 100) }),
		assets.New("sum", func(in struct {
			fx.In

			Rows iter.Seq2[row, error] `name:"own"`
		},
		) (sum left, err error) {
			for r, err := range in.Rows {
				if err != nil {
					return 0, err
				}
				sum += left(r.ID)
			}
			return sum, nil
		}),
	}
}

func TestOneDefinitionBringsTheCodeForRowsOfAll(t *testing.T) {
	t.Parallel()
	type other struct{ Name string }
	plain, own, compiled := reflect.TypeFor[iter.Seq2[row, error]](), reflect.TypeFor[ownRows](), reflect.TypeFor[rows.Seq[row]]()
	for _, c := range []struct {
		name                string
		naming              assets.Definition // names the type of the rows
		moved, movedWithOwn reflect.Type
	}{
		{"the option names the rows", assets.New("naming", func(ownRows) string { return "" }, assets.RowsOf[row]()), compiled, compiled},
		{"a parameter names the rows", assets.New("naming", func(in struct {
			fx.In

			Rows rows.Seq[row] `name:"plain"`
		},
		) string {
			return ""
		}), compiled, compiled},
		{"a result names the rows", assets.New("naming", func() rows.Seq[row] { return rows.From([]row{}) }), compiled, compiled},
		{"an op of a job names the rows", assets.NewJob("naming", assets.NewOp("op", func() rows.Seq[row] { return rows.From([]row{}) })), compiled, compiled},
		{"other rows are named", assets.New("naming", func() rows.Seq[other] { return rows.From([]other{}) }), plain, own},
		{"rows behind pointers are named", assets.New("naming", func() rows.Seq[*row] { return rows.From([]*row{}) }), plain, own},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			seen := &seenTypes{IOManager: iomanagers.NewMemory(), stored: map[string]reflect.Type{}, loaded: map[string]reflect.Type{}}
			launcher := newLauncher(t, runs.LauncherConfig{}, []container.Definition{
				container.Provide("io_manager", func() *seenTypes { return seen }, container.As[iomanagers.IOManager]()),
			}, append(passing(), c.naming)...)
			if _, err := run(t, launcher, runs.Request{Selection: "plain or own or batches"}); err != nil {
				t.Fatal(err)
			}
			for name, of := range map[string]struct{ got, want reflect.Type }{
				"an iter.Seq2 is stored":      {seen.stored["plain"], c.moved},
				"an iter.Seq2 is loaded":      {seen.loaded["plain"], c.moved},
				"a type of its own is stored": {seen.stored["own"], c.movedWithOwn},
				"a type of its own is loaded": {seen.loaded["own"], c.movedWithOwn},
				"a stream of batches is kept": {seen.stored["batches"], reflect.TypeFor[iter.Seq2[[]row, error]]()},
			} {
				if of.got != of.want {
					t.Errorf("%s as %v, want %v", name, of.got, of.want)
				}
			}
			if _, err := run(t, launcher, runs.Request{Selection: "sum"}); err != nil {
				t.Fatal(err)
			}
			if sum, err := runs.Value[left](t.Context(), launcher, "sum"); err != nil || sum != 300*299/2 {
				t.Errorf("got %v, %v", sum, err)
			}
		})
	}
}
