package container_test

import (
	"fmt"
	"io"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/fx"
	"go.uber.org/fx/fxevent"
	"pgregory.net/rapid"

	"github.com/fxrun/fxrun/container"
)

// TestWhatOptionsNeedIsWhatADryRunOfFxFinds compares what a child finds out by itself
// about its options with what a dry run of Fx tells. A module among the options makes
// the child ask Fx.
func TestWhatOptionsNeedIsWhatADryRunOfFxFinds(t *testing.T) {
	t.Parallel()
	type optionalIn struct {
		fx.In
		Number int8  `optional:"true"`
		Store  store `optional:"true"`
	}
	all := []fx.Option{
		fx.Supply(int8(3)),
		fx.Supply(fx.Annotate(&fakeStore{}, fx.As(new(store)))),
		fx.Provide(func(*pool) int16 { return 0 }),
		fx.Provide(func(int8, store) int32 { return 0 }),
		fx.Provide(func(int32) int16 { return 0 }),
		fx.Provide(func(int64) int64 { return 0 }),
		fx.Provide(func(io.Reader) uint8 { return 0 }),
		fx.Provide(fx.Annotated{Group: "handlers", Target: func() *handler { return nil }}),
		fx.Invoke(func() {}),
		fx.Invoke(func(int16) {}),
		fx.Invoke(func(int32, *resA) {}),
		fx.Invoke(func(optionalIn) {}),
		fx.Invoke(func(handlersIn) {}),
		fx.Invoke(func(uint8) {}),
		fx.Invoke(fx.Annotate(func(*database) {}, fx.ParamTags(`name:"database"`))),
		fx.Invoke(func(fx.Lifecycle, dsnHolder, *work) {}),
		fx.Replace(&pool{}),
		fx.Replace(&database{}),
		fx.Replace(database{}),
		fx.Replace(fx.Annotate(&database{}, fx.As(new(dsnHolder)))),
		fx.Replace(&stepTx{}),
		fx.Replace(&resA{}),
		fx.Decorate(func() *database { return nil }),
		fx.Decorate(func() int8 { return 0 }),
		fx.Replace(int32(3)),
		fx.Decorate(func(db *database) *database { return db }),
		fx.Decorate(func(p *pool, s store) *pool { return p }),
		fx.Decorate(func(db *database, p *pool) (*database, *pool) { return db, p }),
		fx.Decorate(func(p *pool, db *database) *pool { return p }),
		fx.Decorate(func(tx *stepTx, n int8) *stepTx { return tx }),
		fx.Decorate(func(w *work, holder dsnHolder) *work { return w }),
		fx.Decorate(func(holder dsnHolder) dsnHolder { return holder }),
		fx.WithLogger(func(*resA) fxevent.Logger { return fxevent.NopLogger }),
	}
	c := newContainer(t, append(stepped(new(journal)),
		container.Provide("bucket", func(struct {
			fx.In
			Number int8 `optional:"true"`
		},
		) *bucket {
			return &bucket{}
		}, container.As[store]()),
		container.Provide("a", func(s store) *resA { return nil }),
		container.Provide("member", func(*resA) memberOut { return memberOut{} }),
	)...)
	targets := make([]*container.Target, 0)
	for _, fn := range []any{func(*database) {}, func(dsnHolder) {}, func(*work) {}, func(*resA) {}, func(handlersIn) {}} {
		target, err := c.Target("it", fn)
		if err != nil {
			t.Fatal(err)
		}
		targets = append(targets, target)
	}
	rapid.Check(t, func(t *rapid.T) {
		options := rapid.SliceOfN(rapid.SampledFrom(all), 1, 5).Draw(t, "options")
		now := rapid.SliceOfNDistinct(rapid.IntRange(0, len(targets)-1), 0, 2, rapid.ID[int]).Draw(t, "targets")
		later := rapid.SliceOfNDistinct(rapid.IntRange(0, len(targets)-1), 0, 2, rapid.ID[int]).Draw(t, "later targets")
		for _, i := range now {
			options = append(options, container.Needs(targets[i]))
		}
		for _, i := range later {
			options = append(options, container.NeedsLater(targets[i]))
		}
		prepared := func(options ...fx.Option) (got []string) {
			prepared, err := c.Prepare(options...)
			if err != nil {
				return []string{fmt.Sprint(err)}
			}
			for _, resource := range prepared.Preview().Resources {
				got = append(got, resource.Key)
			}
			return got
		}
		want := prepared(append(slices.Clone(options), fx.Module("m", fx.Supply(uint64(3))))...)
		if diff := cmp.Diff(want, prepared(options...)); diff != "" {
			t.Fatalf("(-a dry run +the child)\n%s", diff)
		}
	})
}
