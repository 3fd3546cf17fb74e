package cli

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/inspect"
	"github.com/fxrun/fxrun/internal/fault"
	"github.com/fxrun/fxrun/internal/nearest"
	"github.com/fxrun/fxrun/internal/timerange"
)

type runsFlags struct {
	job      string
	statuses []string
	tags     []string
	from, to string
	limit    int
	json     bool
}

func (p program) runsCommand() *cobra.Command {
	var flags runsFlags
	command := &cobra.Command{
		Use:   "runs",
		Short: "List the runs, newest first, or show one",
		Long: "List the runs, newest first. --from and --to take a time as 2026-01-31T15:04:05Z, a time\n" +
			"of the local zone as 2026-01-31T15:04, or a whole day as 2026-01-31.\n\n" + serverHelp,
		Example: "  PROGRAM runs --job nightly --status failed\n  PROGRAM runs --tag team=data --from 2026-01-31 --to 2026-01-31\n" +
			"  PROGRAM runs show",
		Args:              onlyCommands,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              func(cmd *cobra.Command, _ []string) error { return p.listRuns(cmd, flags) },
	}
	command.Flags().StringVarP(&flags.job, "job", "j", "", "list only the runs of the job called `NAME`")
	command.Flags().StringSliceVar(&flags.statuses, "status", nil, "list only the runs with a `STATUS` (can be repeated: runs with any of them)")
	command.Flags().StringArrayVar(&flags.tags, "tag", nil, "list only the runs with this tag, `NAME=VALUE` (can be repeated: runs with all of them)")
	command.Flags().StringVar(&flags.from, "from", "", "list only the runs that were launched at this `TIME` or later")
	command.Flags().StringVar(&flags.to, "to", "", "list only the runs that were launched before this `TIME`, or until the end of this day")
	command.Flags().IntVarP(&flags.limit, "limit", "n", 20, "list at most `N` runs; 0 lists all")
	command.Flags().BoolVar(&flags.json, "json", false, "write JSON")
	registerServer(command)
	p.complete(command, "job", p.jobNames)
	_ = command.RegisterFlagCompletionFunc("status", cobra.FixedCompletions(statuses(), cobra.ShellCompDirectiveNoFileComp))
	command.AddCommand(p.showRunCommand(), p.cancelRunCommand(), p.retryRunCommand(), p.pruneRunsCommand(), p.workCommand())
	return command
}

func statuses() []string {
	return []string{
		string(history.StatusQueued), string(history.StatusStarting), string(history.StatusRunning),
		string(history.StatusSucceeded), string(history.StatusFailed), string(history.StatusCancelled),
	}
}

// query returns the query for the runs that the flags name. The job may be one that
// the program does not define any more.
func (f runsFlags) query() (history.RunQuery, error) {
	query := history.RunQuery{Job: f.job, Limit: f.limit, OmitSteps: true}
	var faults []error
	if f.limit < 0 {
		faults = append(faults, fmt.Errorf("--limit %d: it cannot be negative", f.limit))
	}
	for _, text := range f.statuses {
		status := history.Status(text)
		if !status.Finished() && !status.CanBecome(history.StatusFailed) {
			faults = append(faults, fmt.Errorf("--status: there is no status %q%s", text, nearest.Suggestion(text, statuses())))
		}
		query.Statuses = append(query.Statuses, status)
	}
	tags, wrong := parseTags(f.tags)
	within, err := timerange.Parse(f.from, f.to, time.Local) //nolint:gosmopolitan // a person means the local time
	query.Tags, query.QueuedFrom, query.QueuedBefore = tags, within.From, within.To
	for _, one := range fault.Of(err) {
		wrong = append(wrong, fmt.Errorf("--from and --to: %w", one))
	}
	return query, fault.Join("reading the flags", slices.Concat(faults, wrong))
}

func (p program) listRuns(cmd *cobra.Command, flags runsFlags) error {
	query, err := flags.query()
	if err != nil {
		return err
	}
	return p.readingRuns(cmd, func(ctx context.Context, source runSource) error {
		found, err := source.list(ctx, query)
		if err != nil {
			return err
		}
		if len(found) == 0 {
			if err := checkJob(ctx, source, flags.job); err != nil {
				return err
			}
		}
		if flags.json {
			return writeDocument(cmd.OutOrStdout(), found)
		}
		writeRuns(cmd.OutOrStdout(), found)
		return nil
	})
}

func writeRuns(out io.Writer, found []inspect.RunDetail) {
	if len(found) == 0 {
		_, _ = fmt.Fprintln(out, "no runs")
		return
	}
	t := table{columns: []column{{name: "RUN"}, {name: "OF"}, {name: "STATUS"}, {name: "STARTED"}, {name: "TIME", right: true}, {name: "CLUSTER"}, {name: "TAGS"}}}
	clusters := slices.ContainsFunc(found, func(run inspect.RunDetail) bool { return run.Cluster != (history.Cluster{}) })
	if !clusters {
		t.columns = slices.Delete(t.columns, 5, 6)
	}
	for _, run := range found {
		cells := []string{run.ID, launched(run.Record), run.State(), timeText(run.Queued), runTime(run.Record)}
		if clusters {
			cells = append(cells, run.Cluster.Name)
		}
		t.add(append(cells, tagTexts(run.Tags))...)
		t.last(2).colour = statusColour(string(run.Status))
	}
	t.write(out, screenOf(out), "")
	for _, run := range found {
		if run.WaitsFor != "" {
			_, _ = fmt.Fprintln(out, clean("run "+run.ID+" waits for "+run.WaitsFor))
		}
	}
}

// checkJob refuses a name if no job and no recorded run has it.
func checkJob(ctx context.Context, source runSource, name string) error {
	if name == "" {
		return nil
	}
	names, err := source.jobs(ctx)
	if err != nil || slices.Contains(names, name) {
		return err
	}
	former, err := source.reader().Runs(ctx, history.RunQuery{Job: name, Limit: 1, OmitSteps: true})
	if err != nil || len(former) > 0 {
		return err
	}
	return invalid("reading the flags", "--job: there is no job %q, and no run of such a job%s", name, nearest.Suggestion(name, names))
}

// launched names the job of a run, or its selection if it has no job.
func launched(record history.Record) string {
	if record.Job != "" {
		return record.Job
	}
	return record.Selection
}

// runTime returns how long a run took. It is "" if the run has not finished.
func runTime(record history.Record) string {
	if !record.Status.Finished() {
		return ""
	}
	return durationText(max(record.Duration, time.Nanosecond))
}

// statusColour returns the colour of a status of a run or of a step. Both use the
// same words.
func statusColour(status string) colour {
	switch status {
	case string(history.StatusSucceeded):
		return green
	case string(history.StatusFailed):
		return red
	case string(history.StatusCancelled), string(history.StepStatusSkipped):
		return yellow
	case string(history.StatusRunning), string(history.StatusStarting):
		return cyan
	}
	return plain
}
