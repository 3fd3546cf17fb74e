package cli

import (
	"context"
	"os"
	_ "time/tzdata" // so that schedules know all zones where the system has none

	"github.com/spf13/cobra"
	"go.uber.org/fx"

	"github.com/fxrun/fxrun/internal/panics"
)

// Main is the whole main function of a program that consists of definitions only.
// It executes the command that the arguments of the process name, and ends the
// process with the exit code.
//
// definitions are the options that container.Provide, assets.New and similar
// functions return, and any other fx.Option of an Fx application. Main adds
// fxrun.Module itself. The application is built for every command. It is started
// and stopped for the command run, and to show a stored value. To read the history,
// only a history.Store of the application is started.
func Main(definitions ...fx.Option) {
	os.Exit(Run(context.Background(), os.Args[1:], Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}, definitions...))
}

// Run does the same as [Main] with the given arguments and returns the exit code.
// args does not contain the name of the program. The end of ctx counts as an
// interrupt.
//
// The first SIGINT, SIGTERM or SIGHUP cancels the work in progress: the
// constructors and the start of the application, the wait for the history, or the
// run. Then everything that has started is stopped. A run that has succeeded before
// the signal stays succeeded. After a second signal Run returns at once and stops
// nothing. The caller must then end the process.
//
// Run recovers from a panic in a constructor or hook of the application. It writes
// the panic and its stack to standard error, and returns the exit code of a crash.
func Run(ctx context.Context, args []string, streams Streams, definitions ...fx.Option) (exitCode int) {
	streams = streams.filled()
	root := Command(definitions...)
	root.SilenceErrors = true
	out := &output{to: streams.Out}
	root.SetIn(streams.In)
	root.SetOut(out.asTerminal())
	root.SetErr(streams.Err)
	checkDefaultCommands(root) // the command completion keeps the output that stands here
	if args == nil {
		args = []string{} // for nil, cobra uses the arguments of the process
	}
	root.SetArgs(args)
	command, err := execute(ctx, root)
	err = out.failureOf(err)
	if err != nil {
		report(command, args, err)
	}
	return ExitCode(err)
}

// execute executes the command that the arguments name. It returns a panic as an
// error, for instance the panic of a method of a value that is shown.
func execute(ctx context.Context, root *cobra.Command) (command *cobra.Command, err error) {
	defer func() {
		if recovered := recover(); recovered != nil {
			command, err = root, panics.Recovered(recovered)
		}
	}()
	return root.ExecuteContextC(ctx)
}
