package cli

import (
	"context"
	"io"
	"os"

	"go.uber.org/fx"
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
// command, and started and stopped for those that run something.
func Main(definitions ...fx.Option) {
	os.Exit(Run(context.Background(), os.Args[1:], Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}, definitions...))
}

// Run does what [Main] does with the given arguments, without the program's
// name, and returns the exit code. When ctx ends a run under way is cancelled,
// as by an interrupt.
//
// The first SIGINT, SIGTERM or SIGHUP during a run cancels it; after the second
// Run returns at once and leaves the run behind: end the process then.
func Run(ctx context.Context, args []string, streams Streams, definitions ...fx.Option) (exitCode int) {
	streams = streams.filled()
	root := Command(definitions...)
	root.SilenceErrors = true
	root.SetIn(streams.In)
	root.SetOut(streams.Out)
	root.SetErr(streams.Err)
	if args == nil {
		args = []string{} // cobra takes nil for the arguments of the process
	}
	root.SetArgs(args)
	command, err := root.ExecuteContextC(ctx)
	if err != nil {
		report(command, args, err)
	}
	return ExitCode(err)
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
