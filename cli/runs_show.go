package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/internal/nearest"
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
	s, err := p.openWithHistory()
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	defer func() { _ = s.close() }()
	if err := s.startToRead(cmd.Context()); err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	found, err := s.history().Runs(cmd.Context(), history.RunQuery{Limit: 50, OmitSteps: true})
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
	return p.withRun(cmd.Context(), id, func(store history.Store, record history.Record) error {
		events, err := store.Events(cmd.Context(), history.EventQuery{RunID: record.ID})
		if err != nil {
			return err
		}
		if asJSON {
			return writeDocument(cmd.OutOrStdout(), struct {
				Record history.Record  `json:"record"`
				Events []history.Event `json:"events"`
			}{record, list(events)})
		}
		return writeRun(cmd.OutOrStdout(), record, events, verbose)
	})
}

// withRun calls do with the run that an ID, or the beginning of one, names.
func (p program) withRun(ctx context.Context, id string, do func(history.Store, history.Record) error) (err error) {
	s, err := p.openWithHistory()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	if err := s.startToRead(ctx); err != nil {
		return err
	}
	record, err := findRun(ctx, s.history(), id)
	if err != nil {
		return err
	}
	return do(s.history(), record)
}

// findRun finds a run by its ID or the beginning of it; by "" the last one.
func findRun(ctx context.Context, store history.Store, id string) (history.Record, error) {
	const doing = "choosing a run"
	if id == "" {
		found, err := store.Runs(ctx, history.RunQuery{Limit: 1})
		if err == nil && len(found) == 0 {
			err = invalid(doing, "there are no runs yet")
		}
		if err != nil {
			return history.Record{}, err
		}
		return found[0], nil
	}
	if record, err := history.Find(ctx, store, id); !errors.Is(err, history.ErrNotFound) {
		return record, err
	}
	all, err := store.Runs(ctx, history.RunQuery{OmitSteps: true})
	if err != nil {
		return history.Record{}, err
	}
	var ids, begin []string
	for _, record := range all {
		ids = append(ids, record.ID)
		if strings.HasPrefix(record.ID, id) {
			begin = append(begin, record.ID)
		}
	}
	switch len(begin) {
	case 0:
		return history.Record{}, invalid(doing, "there is no run %q%s", id, nearest.Suggestion(id, ids))
	case 1:
		return history.Find(ctx, store, begin[0])
	}
	return history.Record{}, invalid(doing, "%d runs begin with %q: %s", len(begin), id, strings.Join(begin[:min(len(begin), 5)], ", "))
}

func writeRun(out io.Writer, record history.Record, events []history.Event, verbose bool) error {
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
	stepTable(record, materialized(events)).write(out, screen, "")
	_, _ = fmt.Fprintln(out)
	for _, event := range events {
		if lineOf(event, nil).debug && !verbose {
			continue
		}
		if err := writeEvent(out, screen, event, clockTime); err != nil {
			return err
		}
	}
	return nil
}

// materialized returns what each step made.
func materialized(events []history.Event) stepValues {
	values := make(stepValues)
	for _, event := range events {
		if value, ok := event.Data.(history.AssetMaterialized); ok {
			values.add(value)
		}
	}
	return values
}
