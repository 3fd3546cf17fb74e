package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/internal/nearest"
)

type logsFlags struct {
	step   string
	level  string
	follow bool
	events bool
	json   bool
}

func (p program) logsCommand() *cobra.Command {
	var flags logsFlags
	command := &cobra.Command{
		Use:   "logs [ID]",
		Short: "Show what a run logged",
		Long: "Show the lines that the steps and resources of a run logged, in their order. The\n" +
			"beginning of an ID is enough. Without an ID, the last run is shown.\n\n" +
			"A run keeps lines of level info and higher. With run --log-level debug, or run -v,\n" +
			"it also keeps debug lines, which include those of Fx about the resources.\n\n" +
			"--follow shows new lines until the run ends, also for a run of another process. The\n" +
			"exit code does not depend on how the run ended.\n\n" + serverHelp,
		Example: "  PROGRAM logs\n  PROGRAM logs k3v9 --step raw/orders --level warn\n" +
			"  PROGRAM logs --follow --json | jq .message",
		Args:              atMostOne("the ID of a run"),
		ValidArgsFunction: p.completeRun,
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.showLogs(cmd, strings.Join(args, ""), flags)
		},
	}
	command.Flags().StringVar(&flags.step, "step", "", "show only the lines of the step with this `KEY`")
	command.Flags().StringVarP(&flags.level, "level", "l", "", "show only lines of at least this `LEVEL`: debug, info, warn or error (default: all lines that the run kept)")
	command.Flags().BoolVarP(&flags.follow, "follow", "f", false, "show new lines until the run ends")
	command.Flags().BoolVar(&flags.events, "events", false, "also show all other events")
	command.Flags().BoolVar(&flags.json, "json", false, "write each line as a line of JSON, an event as it was stored")
	registerServer(command)
	_ = command.RegisterFlagCompletionFunc("step", p.completeStep)
	_ = command.RegisterFlagCompletionFunc("level", completeLevels)
	return command
}

func completeLevels(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return levels(), cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
}

func levels() []string { return []string{"debug", "info", "warn", "error"} }

func (p program) showLogs(cmd *cobra.Command, id string, flags logsFlags) error {
	filter, err := flags.filter()
	if err != nil {
		return err
	}
	err = p.readingRun(cmd, id, func(ctx context.Context, source runSource, record history.Record) error {
		if err := filter.check(record); err != nil {
			return err
		}
		written := 0
		follower := follower{source: source, record: record, types: filter.types, write: flags.writer(cmd.OutOrStdout(), filter, &written)}
		if flags.follow {
			err = follower.untilTheEnd(ctx)
		} else {
			_, err = follower.next(ctx)
		}
		if err == nil && written == 0 && !flags.json {
			_, _ = fmt.Fprintln(cmd.OutOrStdout(), flags.nothing())
		}
		return err
	})
	if flags.follow && errors.Is(err, errInterrupted) { // the interrupt is the usual end
		cmd.SilenceErrors = true
		return errLeft
	}
	return err
}

// nothing returns the text that says that there is no line to show.
func (f logsFlags) nothing() string {
	switch {
	case f.events:
		return "no such lines"
	case f.step != "" || f.level != "":
		return "no such lines; --events shows what happened"
	}
	return "no lines; --events shows what happened"
}

// logFilter says which events are shown.
type logFilter struct {
	step     string
	hasLevel bool
	level    slog.Level
	types    []history.EventType // nil means all
}

func (f logsFlags) filter() (logFilter, error) {
	filter := logFilter{step: f.step}
	if !f.events {
		filter.types = []history.EventType{history.TypeLogWritten}
	}
	if f.level == "" {
		return filter, nil
	}
	filter.hasLevel = true
	var err error
	filter.level, err = levelOf("level", f.level)
	return filter, err
}

// levelOf reads the value of a flag that takes a level.
func levelOf(flag, text string) (level slog.Level, err error) {
	if err := level.UnmarshalText([]byte(text)); err != nil {
		hint := nearest.Suggestion(text, levels())
		if hint == "" {
			hint = " among " + strings.Join(levels(), ", ")
		}
		return level, invalid("reading the flags", "--%s: there is no level %q%s", flag, text, hint)
	}
	return level, nil
}

// check refuses a step that the run does not have.
func (f logFilter) check(record history.Record) error {
	if f.step == "" {
		return nil
	}
	keys := stepKeys(record)
	for _, key := range keys {
		if key == f.step {
			return nil
		}
	}
	return invalid("reading the flags", "--step: run %s has no step %q%s", record.ID, f.step, nearest.Suggestion(f.step, keys))
}

func stepKeys(record history.Record) []string {
	keys := make([]string, len(record.Steps))
	for i, step := range record.Steps {
		keys[i] = step.Key
	}
	return keys
}

func (f logFilter) shows(event history.Event) bool {
	if f.step != "" && event.Step() != f.step {
		return false
	}
	log, ok := event.Data.(history.LogWritten)
	return !ok || !f.hasLevel || log.Level >= f.level
}

// writer returns the function that writes the events that the filter shows, and
// counts them.
func (f logsFlags) writer(out io.Writer, filter logFilter, written *int) func(history.Event) error {
	var told toldErrors
	write := func(event history.Event) error {
		return writeEvent(out, screenOf(out), event, told.line(event, nil), logTime)
	}
	if f.json {
		encoder := newEncoder(out)
		write = func(event history.Event) error { return encoder.Encode(event) }
	}
	return func(event history.Event) error {
		if !filter.shows(event) {
			return nil
		}
		*written++
		return write(event)
	}
}

// logTime has the date, since a run may go on over midnight, and people may compare
// its lines with those of other programs.
const logTime = time.DateOnly + " 15:04:05.000"

func (p program) completeStep(cmd *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	var keys []cobra.Completion
	err := p.readingRun(cmd, strings.Join(args, ""), func(_ context.Context, _ runSource, record history.Record) error {
		keys = stepKeys(record)
		return nil
	})
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	return keys, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
}
