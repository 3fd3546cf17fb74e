package processes

import (
	"runtime"
	"time"

	"github.com/fxrun/fxrun/runs"
)

// Argument is the first argument of a process that executes steps.
const Argument = "fxrun-work"

// DefaultGrace is the default of [Config.Grace].
const DefaultGrace = 30 * time.Second

// Config is the configuration of [Steps] and [Whole]. The zero Config is useful.
type Config struct {
	// MaxParallel is the largest number of steps that are executed at the same time.
	// The default of [Steps] is one for each processor. The default of [Whole] is that
	// of runs.InProcess.
	MaxParallel int
	// Grace is how long a process may go on after its work was cancelled, or after the
	// timeout of its step. It includes the stop of its resources. Then the process is
	// killed, and with it all processes that it has started. The default is
	// [DefaultGrace].
	Grace time.Duration
	// Args are the arguments with which the program is started. Those for the pipes
	// follow them. The default is [Argument] alone. A program whose command line does
	// not begin with this argument says here how it gets to [Work].
	Args []string
}

func (c Config) filled() Config {
	if c.Grace <= 0 {
		c.Grace = DefaultGrace
	}
	if len(c.Args) == 0 {
		c.Args = []string{Argument}
	}
	return c
}

// Steps returns an executor that executes each attempt at a step in a process of its
// own. The process starts the resources that the step needs, also those that live per
// run or per process. What a step takes from other steps is loaded by IO managers, so
// values in memory are refused when the run is prepared.
//
// A process that ends before its step is a failed attempt. The step is tried again as
// its retries say.
func Steps(config Config) runs.Executor {
	config = config.filled()
	if config.MaxParallel < 1 {
		config.MaxParallel = runtime.GOMAXPROCS(0)
	}
	return stepExecutor{remote{config}}
}

// Whole returns an executor that executes a run in one process of its own. The process
// starts the resources of the run once, and executes the steps as runs.InProcess does.
// A step that crashes the process ends the run, but not the program that has launched
// the run.
func Whole(config Config) runs.Executor { return runExecutor{remote{config.filled()}} }

type remote struct{ config Config }

// SecretsApart reports that secrets go to the process over a pipe that nobody else
// can read.
func (remote) SecretsApart() bool { return true }

var (
	_ runs.Remote = stepExecutor{}
	_ runs.Remote = runExecutor{}
)
