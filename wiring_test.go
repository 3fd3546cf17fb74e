package fxrun_test

import (
	"errors"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/fxrun/fxrun/internal/goldentest"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun"
	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/runs"
)

type (
	wiredPool    struct{}
	wiredOrders  []struct{ ID int }
	wiredPrices  []struct{ Cents int }
	wiredReport  struct{ Title string }
	wiredSlip    struct{ Text string }
	wiredFirst   int
	wiredSecond  int
	wiredUnheard struct{ X int }
)

// TestWiringFaultsComeAtOnce shows an application in which all is wrong that can
// be wrong between assets: one error tells it all, before anything starts.
func TestWiringFaultsComeAtOnce(t *testing.T) {
	t.Parallel()
	type named struct {
		fx.In
		Unknown wiredOrders `name:"raw/order"`
		Typed   wiredReport `name:"raw/orders"`
	}
	started := false
	app := fx.New(fx.NopLogger, fxrun.Module,
		fx.Invoke(func(*runs.Launcher) { started = true }),
		container.Supply("pool", &wiredPool{}),
		iomanagers.Files("io_manager", iomanagers.FilesConfig{Root: t.TempDir()}),
		assets.New("raw/orders", func(*wiredPool) wiredOrders { return nil }),
		assets.New("named", func(named) error { return nil }),
		assets.New("prices/a", func() wiredPrices { return nil }),
		assets.New("prices/b", func() wiredPrices { return nil }),
		assets.New("ambiguous", func(wiredPrices) error { return nil }),
		assets.New("pool2", func() *wiredPool { return nil }),
		assets.New("both", func(*wiredPool) error { return nil }),
		assets.New("first", func(wiredSecond) wiredFirst { return 0 }),
		assets.New("second", func(wiredFirst) wiredSecond { return 0 }),
		assets.New("late", func() error { return nil }, assets.After("raw/ordes")),
		assets.New("missing", func(*wiredUnheard) error { return nil }),
		assets.New("slip", func() wiredSlip { return wiredSlip{} }, assets.Format("csv")),
		assets.New("format", func() wiredSlip { return wiredSlip{} }, assets.Format("jsno")),
		assets.New("lake", func() int8 { return 0 }, assets.IO("io_manger")),
		assets.New("twice", func() error { return nil }),
		assets.New("twice", func() error { return nil }),
		assets.NewJob("nightly", assets.Select("+raw/orers")),
		assets.NewJob("ops", assets.NewOp("delete", func(chan int) {}), assets.NewOp("find", func() chan int { return nil })),
	)
	err := app.Err()
	faults, ok := errors.AsType[*container.Faults](err)
	if !ok || !errors.Is(err, container.ErrInvalid) || started {
		t.Fatalf("got %v, started: %v", err, started)
	}
	text := regexp.MustCompile(`_test\.go:\d+`).ReplaceAllString(faults.Error(), "_test.go:LINE") + "\n"
	goldentest.Compare(t, filepath.Join("testdata", "wiring_faults.golden"), text)
}
