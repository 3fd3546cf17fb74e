package cli

import (
	"errors"
	"io"
	"sync"
	"syscall"

	"github.com/spf13/cobra"
)

// output is the standard output. It remembers the first error of a write, so that
// commands need not check each write.
type output struct {
	to io.Writer

	mu  sync.Mutex
	err error
}

// terminalOutput is an output that writes to a file, which may be a terminal.
type terminalOutput struct {
	*output
	fd func() uintptr
}

// Fd returns the number of the file.
func (t terminalOutput) Fd() uintptr { return t.fd() }

// asTerminal returns the output with the number of its file, if it writes to a
// file.
func (o *output) asTerminal() io.Writer {
	if file, ok := o.to.(interface{ Fd() uintptr }); ok {
		return terminalOutput{o, file.Fd}
	}
	return o
}

func (o *output) Write(text []byte) (int, error) {
	n, err := o.to.Write(text)
	if err == nil && n < len(text) {
		err = io.ErrShortWrite
	}
	if err != nil {
		o.mu.Lock()
		defer o.mu.Unlock()
		if o.err == nil {
			o.err = err
		}
	}
	return n, err
}

// failure returns an error if the output is not complete. If the output is text for
// people, it is no error that the reader has ended, as head does.
func (o *output) failure(isDocument bool) *unwritten {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err == nil || !isDocument && errors.Is(o.err, syscall.EPIPE) {
		return nil
	}
	return &unwritten{o.err}
}

// failureOf returns the error of a command. If the error is that of the output, it
// is an unwritten. Cobra ignores the errors of its own writes, so failureOf also
// returns an unwritten for help that could not be written.
func (o *output) failureOf(err error) error {
	failure := o.failure(false)
	var told *unwritten
	switch {
	case failure == nil, errors.As(err, &told):
		return err
	case err == nil, errors.Is(err, failure.err):
		return failure
	}
	return err
}

// unwritten is the error of an output that is not complete.
type unwritten struct{ err error }

func (u *unwritten) Error() string { return "writing the output: " + u.err.Error() }

func (u *unwritten) Unwrap() error { return u.err }

// checkOutput makes every command return an error if its output could not be
// written. This error comes before the error of a run, since the lost output
// contains the outcome of the run.
func checkOutput(command *cobra.Command) {
	if run := command.RunE; run != nil {
		command.RunE = func(cmd *cobra.Command, args []string) error {
			out := &output{to: cmd.OutOrStdout()}
			cmd.SetOut(out.asTerminal())
			defer cmd.SetOut(nil) // then the command uses the output of the tree again
			err := run(cmd, args)
			asJSON, _ := cmd.Flags().GetBool("json")
			failure := out.failure(asJSON || cmd.Name() != "run")
			if failure == nil {
				return err
			}
			cmd.SilenceErrors = false
			if errors.Is(err, failure.err) {
				return failure
			}
			return errors.Join(failure, err)
		}
	}
	for _, child := range command.Commands() {
		checkOutput(child)
	}
}
