package cli

import (
	"context"
	"fmt"
	"io"
	"iter"
	"strings"

	"github.com/spf13/cobra"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/inspect"
	"github.com/fxrun/fxrun/runs"
)

func (p program) showRunCommand() *cobra.Command {
	var asJSON, verbose bool
	command := &cobra.Command{
		Use:   "show [ID]",
		Short: "Show a run: its steps, and everything that happened in it",
		Long: "Show a run: its steps, and everything that happened in it. The beginning of an ID\n" +
			"is enough. Without an ID, the last run is shown.\n\n" + serverHelp,
		Example:           "  PROGRAM runs show\n  PROGRAM runs show k3v9 --json",
		Args:              atMostOne("the ID of a run"),
		ValidArgsFunction: p.completeRun,
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.showRun(cmd, strings.Join(args, ""), asJSON, verbose)
		},
	}
	command.Flags().BoolVarP(&verbose, "verbose", "v", false, "also show the debug lines of the log")
	command.Flags().BoolVar(&asJSON, "json", false, "write JSON")
	registerServer(command)
	return command
}

func (p program) completeRun(cmd *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var found []history.Record
	err := p.readingRuns(cmd, func(ctx context.Context, source runSource) (err error) {
		found, err = source.reader().Runs(ctx, history.RunQuery{Limit: 50, OmitSteps: true})
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
	return p.readingRun(cmd, id, func(ctx context.Context, source runSource, record history.Record) error {
		reader := source.reader()
		run, unknown := source.detail(ctx, record)
		if asJSON {
			return writeRunDocument(ctx, cmd.OutOrStdout(), reader, run)
		}
		config, err := reader.RunConfig(ctx, record.ID)
		if err != nil {
			return err
		}
		values, err := reader.StepValues(ctx, record.ID)
		if err != nil {
			return err
		}
		retries, err := reader.Retries(ctx, record.ID)
		if err != nil {
			return err
		}
		about := runTexts{
			process: processText(run, unknown), status: run.State(), waits: run.WaitsFor, retries: retries, config: config,
		}
		return writeRun(cmd.OutOrStdout(), record, about, values, reader.Events(ctx, record.ID), verbose)
	})
}

// writeRunDocument writes an object with the record, the config and the events of a run. It
// keeps only one event in memory.
func writeRunDocument(ctx context.Context, out io.Writer, reader *inspect.Inspector, run inspect.RunDetail) error {
	config, err := reader.RunConfig(ctx, run.ID)
	if err != nil {
		return err
	}
	opening, closing := "{\n  \"record\": %s,\n  \"resolved_config\": %s,\n  \"events\": [", "]\n}\n"
	text, err := documentText(run, "  ")
	if err != nil {
		return err
	}
	resolved, err := documentText(config, "  ")
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(out, opening, text, resolved); err != nil {
		return err
	}
	before := "\n    "
	for event, err := range reader.Events(ctx, run.ID) {
		if err != nil {
			return err
		}
		if text, err = documentText(event, "    "); err != nil {
			return err
		}
		if _, err := io.WriteString(out, before+text); err != nil {
			return err
		}
		before, closing = ",\n    ", "\n  ]\n}\n"
	}
	_, err = io.WriteString(out, closing)
	return err
}

// writeRunConfig writes the config of a run, if it is known.
func writeRunConfig(out io.Writer, screen screen, config inspect.RunConfig) {
	if !config.Known {
		return
	}
	t := table{columns: []column{{name: "CONFIG"}, {name: "VALUE"}, {name: "FROM"}}}
	for _, part := range config.Parts {
		for _, field := range part.Fields {
			t.add(part.Of+".config."+field.Path, configValue(field), field.From)
			t.last(2).colour = sourceColour(container.Source(field.Source))
		}
	}
	t.write(out, screen, "")
	if config.Omitted > 0 {
		_, _ = fmt.Fprintln(out, "more fields, which the history had no place for:", config.Omitted)
	}
	_, _ = fmt.Fprintln(out)
}

func configValue(field inspect.RunConfigField) string {
	switch {
	case field.Secret && field.Set:
		return "set (secret)"
	case field.Secret:
		return "not set (secret)"
	case field.Cut:
		return field.Value + "…"
	}
	return field.Value
}

// runTexts are what is known of a run besides its record and its events.
type runTexts struct {
	process, status, waits string
	retries                []string
	config                 inspect.RunConfig
}

// processText describes the process that executes a run.
func processText(run inspect.RunDetail, err error) string {
	owner := run.Owner
	switch {
	case run.Takeable:
		return "" // any process may take it
	case err != nil:
		return owner + " cannot be checked: " + err.Error()
	case run.GoesOn():
		return owner + " is gone; the run goes on in " + run.Cluster.Name + ", and the next process that executes runs there takes it over"
	case run.IsLost():
		return owner + " is gone; the next run records this one as failed"
	case run.Liveness == runs.LivenessUnknown:
		return owner + " cannot be checked from here: its locks are in another place than those of this program"
	}
	return owner
}

func writeRun(out io.Writer, record history.Record, known runTexts, values inspect.StepValues, events iter.Seq2[history.Event, error], verbose bool) error {
	screen := screenOf(out)
	_, _ = fmt.Fprintln(out, screen.in(bold, "run "+record.ID))
	var about facts
	about.add("job", record.Job)
	about.add("selection", record.Selection)
	about.add("status", known.status)
	about.add("waits for", known.waits)
	about.add("queued", timeText(record.Queued))
	about.add("finished", timeText(record.Finished))
	about.add("time", runTime(record))
	about.add("process", known.process)
	about.add("cluster", inspect.ClusterText(record.Cluster))
	about.add("page", inspect.ClusterPage(record.Cluster))
	policies, tags := runs.PoliciesOf(record.Tags)
	about.add("tags", pairs(tags))
	about.add("policies", strings.Join(policies, ", "))
	if !record.Pruned.IsZero() {
		about.add("log", "old events were removed on "+timeText(record.Pruned))
	}
	about.add("repeated by", strings.Join(known.retries, " "))
	if config := string(record.Config); config != "{}" {
		about.add("config", config)
	}
	about.add("error", record.Error.Message)
	for _, left := range record.Left {
		left.Worker = inspect.WorkerText(left.Worker)
		about.add("left behind", left.String())
	}
	told := toldErrors{[]string{record.Error.Message}}
	about.write(out, screen)
	_, _ = fmt.Fprintln(out)
	stepTable(record, values).write(out, screen, "")
	_, _ = fmt.Fprintln(out)
	writeRunConfig(out, screen, known.config)
	for event, err := range events {
		if err != nil {
			return err
		}
		line := told.line(event, nil)
		if line.debug && !verbose {
			continue
		}
		if err := writeEvent(out, screen, event, line, clockTime); err != nil {
			return err
		}
	}
	return nil
}
