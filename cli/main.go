package cli

import (
	"context"
	"io"
	"os"

	"github.com/spf13/cobra"
	"go.uber.org/fx"

	"github.com/fxrun/fxrun/internal/panics"
)

// Streams are what a command reads and writes.
type Streams struct {
	// In is standard input; nil is empty. Only --config - reads it.
	In io.Reader
	// Out gets what was asked for. If it is a terminal, tables have colours and
	// a run's progress is repainted in place. Nil discards.
	Out io.Writer
	// Err gets what went wrong. Nil discards.
	Err io.Writer
}

// Main is the whole main function of a program that is nothing but its
// definitions: it runs the command that the arguments of the process name, and
// ends the process with the exit code.
//
// definitions are what container.Provide, assets.New and their like return,
// and any other fx.Option: what an ordinary Fx application is made of,
// without fxrun.Module, which Main adds. The application is built for every
// command. It is started and stopped for run, and to show a stored value. To read
// the history, only a history.Store of the application is started.
func Main(definitions ...fx.Option) {
	os.Exit(Run(context.Background(), os.Args[1:], Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}, definitions...))
}

// Run does what [Main] does with the given arguments, without the program's
// name, and returns the exit code. The end of ctx is an interrupt.
//
// The first SIGINT, SIGTERM or SIGHUP cancels what is going on: the constructors
// and the start of the application, the wait for the history, the run. What has
// started is then stopped. A run that has succeeded before stays a success. After
// the second one Run returns at once and leaves everything behind: end the process
// then.
//
// A panic in the application's constructors and hooks does not leave Run. It is
// written to standard error with its stack, and the exit code is that of a crash.
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
		args = []string{} // cobra takes nil for the arguments of the process
	}
	root.SetArgs(args)
	command, err := execute(ctx, root)
	err = out.failureOf(err)
	if err != nil {
		report(command, args, err)
	}
	return ExitCode(err)
}

// execute executes the command that the arguments name. A panic, as in a method
// of a value that is shown, is an error like others.
func execute(ctx context.Context, root *cobra.Command) (command *cobra.Command, err error) {
	defer func() {
		if recovered := recover(); recovered != nil {
			command, err = root, panics.Recovered(recovered)
		}
	}()
	return root.ExecuteContextC(ctx)
}

func (s Streams) filled() Streams {
	if s.In == nil {
		s.In = eof{}
	}
	if s.Out == nil {
		s.Out = io.Discard
	}
	if s.Err == nil {
		s.Err = io.Discard
	}
	return s
}

type eof struct{}

func (eof) Read([]byte) (int, error) { return 0, io.EOF }
