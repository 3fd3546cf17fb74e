package inspect_test

import (
	"iter"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/inspect"
	"github.com/fxrun/fxrun/runs"
)

func TestAssets(t *testing.T) {
	t.Parallel()
	subject := newShop(t)
	id := subject.run(t, runs.Request{Selection: "split or greeting"})
	keys := func(list []inspect.Asset) []string {
		var keys []string
		for _, asset := range list {
			keys = append(keys, asset.Key)
		}
		return keys
	}
	t.Run("without a selection they are all, by key", func(t *testing.T) {
		list, err := subject.Assets("")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"greeting", "left", "orders", "revenue", "right"}, keys(list)); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("their last materializations are one question to the store", func(t *testing.T) {
		list, err := subject.Assets("split or orders")
		if err != nil {
			t.Fatal(err)
		}
		before := subject.store.queries
		if err := subject.ReadLast(t.Context(), list); err != nil {
			t.Fatal(err)
		}
		if asked := subject.store.queries - before; asked != 1 {
			t.Errorf("the store was asked %d times", asked)
		}
		for _, asset := range list {
			switch {
			case asset.Key == "orders" && asset.Last != nil:
				t.Errorf("orders was never materialized, got %+v", asset.Last)
			case asset.Key != "orders" && (asset.Last == nil || asset.Last.RunID != id):
				t.Errorf("%s: got %+v, want the materialization of run %s", asset.Key, asset.Last, id)
			}
		}
	})
	t.Run("an unknown one is bad input", func(t *testing.T) {
		_, err := subject.Assets("order")
		mustBeInvalid(t, err, `did you mean "orders"`)
	})
}

func TestAsset(t *testing.T) {
	t.Parallel()
	subject := newShop(t)
	subject.run(t, runs.Request{Selection: "greeting"})
	last := subject.run(t, runs.Request{Selection: "greeting"})
	t.Run("its last materializations come newest first", func(t *testing.T) {
		asset, err := subject.Asset("greeting")
		if err != nil {
			t.Fatal(err)
		}
		if err := subject.ReadMaterializations(t.Context(), &asset, 1); err != nil {
			t.Fatal(err)
		}
		if len(asset.Materializations) != 1 || asset.Materializations[0].RunID != last {
			t.Errorf("got %+v, want one of run %s", asset.Materializations, last)
		}
	})
	t.Run("without any its list is empty and not null", func(t *testing.T) {
		asset, err := subject.Asset("orders")
		if err != nil {
			t.Fatal(err)
		}
		if err := subject.ReadMaterializations(t.Context(), &asset, 0); err != nil {
			t.Fatal(err)
		}
		if asset.Materializations == nil || len(asset.Materializations) > 0 {
			t.Errorf("got %#v", asset.Materializations)
		}
	})
	t.Run("an unknown one is bad input", func(t *testing.T) {
		_, err := subject.Asset("order")
		mustBeInvalid(t, err, `did you mean "orders"`)
	})
}

func TestTheHintForRowsThatMoveByReflection(t *testing.T) {
	t.Parallel()
	type sample struct{ ID int }
	type reading struct{ ID int }
	stream := func() iter.Seq2[sample, error] { return nil }
	for _, c := range []struct {
		name string
		of   assets.Definition
		want string
	}{
		{"an iter.Seq2 has one", assets.New("samples", stream), "inspect_test.sample by reflection, faster with assets.RowsOf"},
		{"the option ends it", assets.New("samples", stream, assets.RowsOf[sample]()), ""},
		{"a slice has none", assets.New("samples", func() []sample { return nil }), ""},
		{"all rows of a function are named", assets.New("samples", func() (made struct {
			fx.Out

			Samples  iter.Seq2[sample, error]  `name:"samples"`
			Readings iter.Seq2[reading, error] `name:"readings"`
		},
		) {
			return made
		}), "inspect_test.reading, inspect_test.sample by reflection, faster with assets.RowsOf"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			resources, err := container.New()
			if err != nil {
				t.Fatal(err)
			}
			graph, err := assets.NewGraph(resources, c.of)
			if err != nil {
				t.Fatal(err)
			}
			asset, err := inspect.New(resources, graph, nil).Asset("samples")
			if err != nil || asset.RowsHint != c.want {
				t.Errorf("got %q, %v", asset.RowsHint, err)
			}
		})
	}
}
