package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/inspect"
	"github.com/fxrun/fxrun/internal/fault"
	"github.com/fxrun/fxrun/internal/panics"
)

const exitCodes = `Exit codes:
  0    it succeeded
  1    the run failed, or something else went wrong
  2    the program crashed: there was a panic
  64   bad input: definitions, flags or config are wrong; nothing was started
  130  interrupted`

// The exit codes that are not 0.
const (
	exitFailure     = 1
	exitCrash       = 2  // the exit code of a Go program that panics
	exitInput       = 64 // EX_USAGE of sysexits.h
	exitInterrupted = 130
)

// errInterrupted is the error of a command that was interrupted before it launched
// a run.
var errInterrupted = errors.New("interrupted")

// errAbandoned is the error of a command that was interrupted a second time. It did
// not wait until the work in progress ended.
var errAbandoned = fmt.Errorf("%w: the command did not wait for the work in progress", errInterrupted)

// errLeft is the error of a command, such as logs --follow, that people end by an
// interrupt.
var errLeft = fmt.Errorf("%w: nothing more is shown", errInterrupted)

// leftRunError is the error of a command that has left a run on a cluster to others.
type leftRunError struct{ id string }

func (l *leftRunError) Error() string {
	return fmt.Sprintf("%s: run %s goes on in its cluster, and a worker or another launcher takes it over", errInterrupted, l.id)
}

func (*leftRunError) Unwrap() error { return errInterrupted }

// unsuccessful is the error of a run that did not succeed. The output already
// contains everything about the run, so the error is only for the exit code.
type unsuccessful struct {
	id     string
	status history.Status
}

func (u *unsuccessful) Error() string { return fmt.Sprintf("run %s %s", u.id, told(u.status)) }

// told returns the status of a run as part of a sentence.
func told(status history.Status) string {
	if status == history.StatusCancelled {
		return "was cancelled"
	}
	if !status.Finished() {
		return "was left " + string(status)
	}
	return string(status)
}

// ExitCode returns the exit code for the error of an executed [Command]: see
// the package's documentation.
func ExitCode(err error) int {
	var run *unsuccessful
	var crash *panics.Error
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errInterrupted):
		return exitInterrupted
	case errors.As(err, &run):
		if run.status == history.StatusFailed {
			return exitFailure
		}
		return exitInterrupted
	case errors.As(err, &crash):
		return exitCrash
	case errors.Is(err, container.ErrInvalid):
		return exitInput
	}
	return exitFailure
}

// invalid returns an error that the user can correct. Its exit code is 64.
func invalid(doing, format string, args ...any) error {
	return fault.Join(doing, []error{fmt.Errorf(format, args...)})
}

// report writes an error, unless the output contains it already. args are the
// arguments of the command line.
func report(command *cobra.Command, args []string, err error) {
	var told *unsuccessful
	var lost *unwritten
	switch {
	case errors.As(err, &lost) && errors.As(err, &told):
		_, _ = fmt.Fprintln(command.ErrOrStderr(), "error: "+errorText(lost)+"; "+told.Error())
		return
	case errors.As(err, &told), errors.Is(err, errLeft), errors.Is(err, errUnhealthy):
		return
	}
	_, _ = fmt.Fprintln(command.ErrOrStderr(), "error: "+errorText(err))
	var crash *panics.Error
	if errors.As(err, &crash) && crash.Stack() != "" {
		_, _ = fmt.Fprintln(command.ErrOrStderr(), cleanLines(crash.Stack()))
	}
	var shown *shownError
	if asksForJSON(command, args, err) && !errors.As(err, &shown) {
		_ = newEncoder(command.OutOrStdout()).Encode(errorJSON{
			Type: "error", Message: clean(firstLine(errorText(err))), Faults: cleanFaults(inspect.Faults(err)), ExitCode: ExitCode(err),
		})
	}
}

// asksForJSON reports whether --json is given. It may come after the flag that
// ended the reading of the flags.
func asksForJSON(command *cobra.Command, args []string, err error) bool {
	if asked, _ := command.Flags().GetBool("json"); asked {
		return true
	}
	var unread *badFlagError
	if !errors.As(err, &unread) {
		return false
	}
	if end := slices.Index(args, "--"); end >= 0 {
		args = args[:end]
	}
	return slices.Contains(args, "--json") || slices.Contains(args, "--json=true")
}

// shownError is an error whose faults are part of the written document.
type shownError struct{ error }

func (s *shownError) Unwrap() error { return s.error }

// errorJSON is an error as --json shows it.
type errorJSON struct {
	Type     string          `json:"type"` // "error"
	Message  string          `json:"message"`
	Faults   []inspect.Fault `json:"faults"`
	ExitCode int             `json:"exit_code"`
}

// errorText returns the text of an error. Several faults are a list with one fault
// for each entry, within what the errors that wrap them say.
func errorText(err error) string {
	text := err.Error()
	var all *container.Faults
	if !errors.As(err, &all) {
		return cleanLines(text)
	}
	before, after, found := strings.Cut(text, all.Error())
	if !found { // the error says in its own words what is wrong
		return cleanLines(text)
	}
	return cleanLines(before) + faultsText(all) + cleanLines(after)
}

func faultsText(all *container.Faults) string {
	faults := faultTexts(all)
	if len(faults) == 1 {
		return all.Doing + ": " + indented(faults[0])
	}
	var text strings.Builder
	fmt.Fprintf(&text, "%s: %d faults", all.Doing, len(faults))
	for _, fault := range faults {
		text.WriteString("\n  - " + strings.ReplaceAll(fault, "\n", "\n    "))
	}
	return text.String()
}

// faultTexts returns the texts of the faults of an error that lists them.
func faultTexts(err error) []string {
	var texts []string
	for _, fault := range cleanFaults(inspect.Faults(err)) {
		texts = append(texts, fault.Message)
	}
	return texts
}

// cleanFaults replaces control characters in the texts of the faults. It changes
// the given slice.
func cleanFaults(faults []inspect.Fault) []inspect.Fault {
	for i := range faults {
		fault := &faults[i]
		fault.Message, fault.Path, fault.Value = cleanLines(fault.Message), clean(fault.Path), cleanLines(fault.Value)
	}
	return faults
}

func indented(text string) string { return strings.ReplaceAll(text, "\n", "\n  ") }

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}
