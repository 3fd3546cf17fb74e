package assets_test

import (
	"iter"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/rows"
)

func TestADescriptionTellsWhichRowsMoveByReflection(t *testing.T) {
	t.Parallel()
	type slow struct{ ID int }
	type named struct{ ID int }
	type ownStream iter.Seq2[slow, error]
	g, err := assets.NewGraph(newContainer(t),
		assets.New("made", func() ownStream { return nil }),
		assets.New("taken", func(in struct {
			fx.In

			Rows  ownStream                         `name:"made"`
			Named iter.Seq2[named, error]           `name:"named"`
			More  iter.Seq2[slow, error]            `name:"made"`
			All   []slow                            `name:"made"`
			Parts iter.Seq2[[]slow, error]          `name:"made"`
			Count iter.Seq2[int, error]             `name:"numbers"`
			Bytes iter.Seq2[[]byte, error]          `name:"bytes"`
			Old   map[string]iter.Seq2[slow, error] `group:"old"`
		},
		) error {
			return nil
		}),
		assets.New("old", func() []slow { return nil }, assets.InGroup("old")),
		assets.New("numbers", func() []int { return nil }),
		assets.New("named", func() iter.Seq2[named, error] { return nil }),
		assets.New("naming", func(in struct {
			fx.In

			Named rows.Seq[named] `name:"named"`
		},
		) error {
			return nil
		}),
		assets.New("bytes", func() iter.Seq2[[]byte, error] { return nil }),
		assets.New("batches", func() iter.Seq2[[]slow, error] { return nil }),
		assets.NewJob("ops", assets.NewOp("op", func() iter.Seq2[slow, error] { return nil })),
	)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string][]string{}
	for _, description := range append(g.Assets(), g.Jobs()[0].Ops...) {
		if description.RowsByReflection != nil {
			got[description.Key] = description.RowsByReflection
		}
	}
	want := map[string][]string{
		"made":  {"assets_test.slow"},
		"taken": {"assets_test.slow", "int"},
		"op":    {"assets_test.slow"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
