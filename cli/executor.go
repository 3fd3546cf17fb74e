package cli

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"go.uber.org/fx"

	"github.com/fxrun/fxrun/runs"
	"github.com/fxrun/fxrun/runs/processes"
)

// executorFlags say how the steps of a run are executed, and for how long.
type executorFlags struct {
	parallel              int
	isolate               string
	grace, timeout, drain time.Duration
}

// defaultDrain is how long running steps may go on after a SIGTERM. With the teardown, it
// is less than the ten seconds after which Docker kills a container.
const defaultDrain = 5 * time.Second

// register registers all flags.
func (f *executorFlags) register(command *cobra.Command) {
	f.registerPlace(command)
	flags := command.Flags()
	flags.DurationVar(&f.timeout, "timeout", 0, "end the run after this `DURATION`, as failed; 0s takes away the timeout of the job (default: that of the job)")
	flags.DurationVar(&f.drain, "drain", defaultDrain, "after SIGTERM start no more steps, and let running ones go on for this `DURATION`; 0s cancels them at once")
}

// registerPlace registers the flags that say where steps are executed.
func (f *executorFlags) registerPlace(command *cobra.Command) {
	flags := command.Flags()
	flags.IntVarP(&f.parallel, "parallel", "p", 0, "execute at most `N` steps at the same time (default: four for each processor, with --isolate step one)")
	flags.StringVar(&f.isolate, "isolate", "", "give each `UNIT`, step or run, its own process (default: this process executes all)")
	flags.DurationVar(&f.grace, "grace", processes.DefaultGrace, "with --isolate, kill what goes on for this `DURATION` after its cancellation")
	_ = command.RegisterFlagCompletionFunc("isolate", cobra.FixedCompletions([]string{"step", "run"}, cobra.ShellCompDirectiveNoFileComp))
}

// faults returns what is wrong with the flags.
func (f *executorFlags) faults(cmd *cobra.Command) []error {
	var faults []error
	if f.parallel < 0 || f.parallel == 0 && cmd.Flags().Changed("parallel") {
		faults = append(faults, fmt.Errorf("--parallel %d: it must be at least 1", f.parallel))
	}
	if f.isolate != "" && f.isolate != "step" && f.isolate != "run" {
		faults = append(faults, fmt.Errorf("--isolate %q: it takes step or run", f.isolate))
	}
	if f.isolate == "" && cmd.Flags().Changed("grace") {
		faults = append(faults, fmt.Errorf("--grace works only with --isolate: only a process can be killed"))
	}
	if f.grace < 0 || f.grace == 0 && cmd.Flags().Changed("grace") {
		faults = append(faults, fmt.Errorf("--grace %v: it must be positive", f.grace))
	}
	if f.timeout < 0 {
		faults = append(faults, fmt.Errorf("--timeout %v: it cannot be negative", f.timeout))
	}
	if f.drain < 0 {
		faults = append(faults, fmt.Errorf("--drain %v: it cannot be negative", f.drain))
	}
	return faults
}

// limit returns the timeout for a request: a negative one for the flag with 0s.
func (f *executorFlags) limit(cmd *cobra.Command) time.Duration {
	if f.timeout == 0 && cmd.Flags().Changed("timeout") {
		return -1
	}
	return f.timeout
}

// executor returns an option with the executor that the flags ask for. Without flags it
// does not change the executor. more are flags for the command fxrun-work.
func (f *executorFlags) executor(cmd *cobra.Command, more ...string) fx.Option {
	if f.parallel == 0 && f.isolate == "" {
		return fx.Options()
	}
	flag := "--parallel"
	if f.isolate != "" {
		flag = "--isolate"
	}
	if store, err := cmd.Flags().GetString("store"); err == nil && store != "" {
		more = append(more, "--store="+store) // whose locks the processes share
	}
	return fx.Decorate(func(host hostExecutor) (runs.Executor, error) {
		if host.Executor != nil && !runs.IsInProcess(host.Executor) {
			return nil, invalid("reading the flags", "%s works only with the built-in executor, but this program provides another one", flag)
		}
		config := processes.Config{MaxParallel: f.parallel, Grace: f.grace, Args: append(append(pathOf(treeOf(cmd)), processes.Argument), more...)}
		switch f.isolate {
		case "step":
			return processes.Steps(config), nil
		case "run":
			return processes.Whole(config), nil
		}
		return runs.InProcess(runs.InProcessConfig{MaxParallel: f.parallel}), nil
	})
}

// pathOf returns the names of the commands that lead from the root to a command.
func pathOf(command *cobra.Command) []string {
	if !command.HasParent() {
		return nil
	}
	return append(pathOf(command.Parent()), command.Name())
}
