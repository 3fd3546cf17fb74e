package cli

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/inspect"
)

func (p program) showRunCommand() *cobra.Command {
	var asJSON, verbose bool
	command := &cobra.Command{
		Use:   "show [ID]",
		Short: "Show a run: its steps, and everything that happened in it",
		Long: "Show a run: its steps, and everything that happened in it. The beginning of an ID\n" +
			"is enough; without an ID it is the last run.",
		Example:           "  PROGRAM runs show\n  PROGRAM runs show k3v9 --json",
		Args:              atMostOne("the ID of a run"),
		ValidArgsFunction: p.completeRun,
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.showRun(cmd, strings.Join(args, ""), asJSON, verbose)
		},
	}
	command.Flags().BoolVarP(&verbose, "verbose", "v", false, "show debug lines of the log too")
	command.Flags().BoolVar(&asJSON, "json", false, "write JSON")
	return command
}

func (p program) completeRun(cmd *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var found []history.Record
	err := p.reading(cmd, func(ctx context.Context, s *session) (err error) {
		found, err = s.inspect.Runs(ctx, history.RunQuery{Limit: 50, OmitSteps: true})
		return err
	})
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	var ids []cobra.Completion
	for _, record := range found {
		about := fmt.Sprintf("%s %s, %s", launched(record), told(record.Status), timeText(record.Queued))
		ids = append(ids, cobra.CompletionWithDesc(record.ID, clean(about)))
	}
	return ids, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
}

func (p program) showRun(cmd *cobra.Command, id string, asJSON, verbose bool) error {
	return p.reading(cmd, func(ctx context.Context, s *session) error {
		run, err := s.inspect.Run(ctx, id)
		if err != nil {
			return err
		}
		if asJSON {
			return writeDocument(cmd.OutOrStdout(), run)
		}
		return writeRun(cmd.OutOrStdout(), run, verbose)
	})
}

func writeRun(out io.Writer, run inspect.Run, verbose bool) error {
	record := run.Record
	screen := screenOf(out)
	_, _ = fmt.Fprintln(out, screen.in(bold, "run "+record.ID))
	var about facts
	about.add("job", record.Job)
	about.add("selection", record.Selection)
	about.add("status", string(record.Status))
	about.add("queued", timeText(record.Queued))
	about.add("finished", timeText(record.Finished))
	about.add("time", runTime(record))
	about.add("process", record.Owner)
	about.add("tags", pairs(record.Tags))
	if config := string(record.Config); config != "{}" {
		about.add("config", config)
	}
	about.add("error", record.Error.Message)
	about.write(out, screen)
	_, _ = fmt.Fprintln(out)
	stepTable(record, inspect.ValuesOf(run.Events)).write(out, screen, "")
	_, _ = fmt.Fprintln(out)
	for _, event := range run.Events {
		if lineOf(event, nil).debug && !verbose {
			continue
		}
		if err := writeEvent(out, screen, event, clockTime); err != nil {
			return err
		}
	}
	return nil
}
