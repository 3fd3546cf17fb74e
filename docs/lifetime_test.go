package docs_test

import (
	"context"
	"fmt"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/runs"
)

// Pool holds connections that all runs share.
type Pool struct{}

func NewPool(lc fx.Lifecycle) *Pool {
	lc.Append(fx.StartStopHook(
		func() { fmt.Println("the pool opens") },
		func() { fmt.Println("the pool closes") },
	))
	return &Pool{}
}

// Desk is a folder for the files of one run.
type Desk struct{}

func NewDesk(lc fx.Lifecycle, _ *Pool) *Desk {
	lc.Append(fx.StartStopHook(
		func() { fmt.Println("  the run begins") },
		func() { fmt.Println("  the run ends") },
	))
	return &Desk{}
}

// Draft is what one step writes.
type Draft struct{}

func NewDraft(lc fx.Lifecycle, run container.RunInfo, _ *Desk) *Draft {
	lc.Append(fx.StartStopHook(
		func() { fmt.Println("    a draft for the step", run.Step) },
		func() { fmt.Println("    the draft is put away") },
	))
	return &Draft{}
}

var office = fx.Options(
	container.Provide("pool", NewPool, container.PerProcess()),
	container.Provide("desk", NewDesk), // container.PerRun() is the default
	container.Provide("draft", NewDraft, container.PerStep()),
	assets.New("letter", func(*Draft) string { return "Dear Ada" }),
	assets.New("answer", func(letter string, _ *Draft) int { return len(letter) }),
)

func Example_lifetimes() {
	inApplication(office, func(ctx context.Context, launcher *runs.Launcher) {
		for range 2 {
			if err := execute(ctx, launcher, runs.Request{Selection: "+answer"}); err != nil {
				fmt.Println(err)
			}
		}
	})
	// Output:
	// the pool opens
	//   the run begins
	//     a draft for the step letter
	//     the draft is put away
	//     a draft for the step answer
	//     the draft is put away
	//   the run ends
	//   the run begins
	//     a draft for the step letter
	//     the draft is put away
	//     a draft for the step answer
	//     the draft is put away
	//   the run ends
	// the pool closes
}
