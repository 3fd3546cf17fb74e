package bench

import (
	"context"
	"sync/atomic"

	"go.uber.org/fx"
)

// Contender is one way to build what a graph asks for, start it, use it, and
// stop it.
type Contender struct {
	// Name says what it is, as in a row of the table.
	Name string

	// Everything says that it is told of every declared resource anew for each
	// run. The others are told only of what is needed, by their user or by
	// themselves.
	Everything bool

	// Shared says that the runs of a process have something in common, where they
	// could leave something behind.
	Shared bool

	// Starts says that OnStart of the hook is called. Every contender calls
	// OnStop.
	Starts bool

	// New does whatever needs to be done only once in a process. The function
	// that it returns is one run, from nothing to nothing; it is safe for
	// concurrent use.
	New func(Graph, *Use) (run func(context.Context) error, err error)
}

// Use is what the runs of a contender are used for.
type Use struct {
	// Hook is appended by every constructor.
	Hook fx.Hook

	// Answer is how many resources the last run found what it asked for to
	// stand on.
	Answer atomic.Int64
}

func (u *Use) answer(size int) { u.Answer.Store(int64(size)) }

// Contenders returns all of them, from the least that can be done to the most.
func Contenders() []Contender {
	return []Contender{
		{Name: "hand-written calls", Starts: true, New: newByHand},
		{Name: "dig, only what is needed", Starts: true, New: newDig},
		{Name: "fx.New, only what is needed", Starts: true, New: newFxOfNeeded},
		{Name: "fx.New, everything", Starts: true, Everything: true, New: newFxOfAll},
		{Name: "do v2 scope, only what is needed", Shared: true, New: newDoOfNeeded},
		{Name: "do v2 scope, everything", Shared: true, Everything: true, New: newDoOfAll},
		{Name: "fxrun child", Shared: true, Starts: true, New: newFxrun},
		{Name: "fxrun child with an fx option", Shared: true, Starts: true, New: newFxrunWithOption},
		{Name: "fxrun child with a decorator", Shared: true, Starts: true, New: newFxrunDecorated},
	}
}
