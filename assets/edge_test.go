package assets_test

import (
	"errors"
	"iter"
	"strings"
	"testing"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
)

func TestStepIsNotCalledAsAnotherFunctionsAsset(t *testing.T) {
	t.Parallel()
	_, err := assets.NewGraph(newContainer(t),
		assets.New("prices/seen", func() error { return nil }),
		assets.New("a", part),
		assets.New("orders/old", func() (made struct {
			fx.Out
			Sum int `name:"sum"`
		}, err error,
		) {
			return made, nil
		}),
		assets.New("later", func() (made struct {
			fx.Out
			A string `name:"a"`
		}, err error,
		) {
			return made, nil
		}))
	for _, want := range []string{"asset a is defined twice", "asset prices/seen is defined twice", "asset orders/old is defined twice"} {
		if !errors.Is(err, container.ErrInvalid) || strings.Count(err.Error(), want) != 1 {
			t.Errorf("got %v, want %s, once", err, want)
		}
	}
}

func TestOpMayBeCalledAsTheAssetThatItTakes(t *testing.T) {
	t.Parallel()
	type named struct {
		fx.In
		Orders orders `name:"orders"`
	}
	g, err := assets.NewGraph(newContainer(t),
		assets.New("orders", func() orders { return nil }),
		assets.NewJob("refresh",
			assets.NewOp("orders", func(named) orders { return nil }),
			assets.NewOp("tell", func(named) {})))
	if err != nil {
		t.Fatal(err)
	}
	job, err := g.Job("refresh")
	if err != nil {
		t.Fatal(err)
	}
	op, tell := job.Plan.Steps[0], job.Plan.Steps[1]
	if op.Inputs[0].Kind != assets.KindAsset || tell.Inputs[0].Kind != assets.KindOp || len(op.Needs) != 0 || len(tell.Needs) != 1 {
		t.Errorf("got %+v, %+v", op, tell)
	}
}

func TestOpTakesTheNearestValueOfItsType(t *testing.T) {
	t.Parallel()
	g, err := assets.NewGraph(newContainer(t),
		assets.New("orders", func() orders { return nil }),
		assets.NewJob("refresh",
			assets.NewOp("find", func() orders { return nil }),
			assets.NewOp("tell", func(orders) {})))
	if err != nil {
		t.Fatal(err)
	}
	job, err := g.Job("refresh")
	if err != nil {
		t.Fatal(err)
	}
	if input := job.Plan.Steps[1].Inputs[0]; input.Key != "find" || input.Kind != assets.KindOp || !input.Planned {
		t.Errorf("got %+v", input)
	}
}

func TestOpIsNotDownstreamOfTheAssetThatItTakes(t *testing.T) {
	t.Parallel()
	g, err := assets.NewGraph(newContainer(t),
		assets.New("orders", func() orders { return nil }),
		assets.NewJob("cleanup", assets.NewOp("find", func(orders) {})))
	if err != nil {
		t.Fatal(err)
	}
	if description, _, err := g.Asset("orders"); err != nil || len(description.Downstream) > 0 {
		t.Errorf("got %v, %v", description.Downstream, err)
	}
	if ops := g.Jobs()[0].Ops; len(ops[0].Upstream) != 1 {
		t.Errorf("got %+v", ops)
	}
}

func TestResourceComesBeforeAnotherFormOfRows(t *testing.T) {
	t.Parallel()
	c, err := container.New(container.Supply("fixed", []order{{1}}))
	if err != nil {
		t.Fatal(err)
	}
	g, err := assets.NewGraph(c,
		assets.New("orders", func() iter.Seq2[order, error] { return nil }),
		assets.New("taker", func([]order) error { return nil }))
	if err != nil {
		t.Fatal(err)
	}
	description, _, err := g.Asset("taker")
	if err != nil || len(description.Upstream) > 0 || len(description.Resources) != 1 {
		t.Errorf("got %+v, %v", description, err)
	}
}

func TestBytesAreTakenByNameAlone(t *testing.T) {
	t.Parallel()
	_, err := assets.NewGraph(newContainer(t),
		assets.New("orders", func() []order { return nil }),
		assets.New("taker", func([]byte) error { return nil }))
	if !errors.Is(err, container.ErrInvalid) || !strings.Contains(err.Error(), "needs []uint8, which nothing provides") {
		t.Errorf("got %v", err)
	}
}

func TestAfterItselfIsACycle(t *testing.T) {
	t.Parallel()
	_, err := assets.NewGraph(newContainer(t), assets.New("a", func() error { return nil }, assets.After("a")))
	if !errors.Is(err, container.ErrInvalid) || !strings.Contains(err.Error(), "a -> a") {
		t.Errorf("got %v", err)
	}
}

func TestJobHasOneSelection(t *testing.T) {
	t.Parallel()
	_, err := assets.NewGraph(newContainer(t),
		assets.New("orders", func() orders { return nil }),
		assets.NewJob("nightly", assets.Select("orders"), assets.Select("+orders")))
	if !errors.Is(err, container.ErrInvalid) || !strings.Contains(err.Error(), `two selections, "orders" and "+orders"`) {
		t.Errorf("got %v", err)
	}
}
