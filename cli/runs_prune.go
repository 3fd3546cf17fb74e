package cli

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/runs"
)

type pruneFlags struct {
	olderThan string
	keep      int
	dryRun    bool
	json      bool
}

func (p program) pruneRunsCommand() *cobra.Command {
	var flags pruneFlags
	command := &cobra.Command{
		Use:   "prune",
		Short: "Remove old runs from the history",
		Long: "Remove old runs from the history: their events, log lines and records, and the values\n" +
			"of their ops. Runs that have not ended are never removed. What explains the stored\n" +
			"values is kept: the last materialization of each asset, and the record of the run\n" +
			"that made it.\n\n" +
			"Programs that execute runs also do this by themselves, from time to time. Without\n" +
			"--older-than and --keep the command uses the same limits, by default 90 days and\n" +
			"10,000 runs of each job. With one of them, only that limit counts.",
		Example:           "  PROGRAM runs prune --dry-run\n  PROGRAM runs prune --older-than 30d --keep 1000",
		Args:              onlyCommands,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              func(cmd *cobra.Command, _ []string) error { return p.pruneRuns(cmd, flags) },
	}
	command.Flags().StringVar(&flags.olderThan, "older-than", "", "remove the runs that ended longer ago than this `AGE`, such as 30d or 12h; 0s removes all")
	command.Flags().IntVar(&flags.keep, "keep", 0, "keep at most `N` runs of each job, the newest")
	command.Flags().BoolVar(&flags.dryRun, "dry-run", false, "only show what would be removed")
	command.Flags().BoolVar(&flags.json, "json", false, "write JSON")
	refuseServer(command)
	return command
}

// retention returns the limits that the flags give, or else those of the program.
func (f pruneFlags) retention(cmd *cobra.Command, own runs.Retention) (runs.Retention, error) {
	byAge, byNumber := cmd.Flags().Changed("older-than"), cmd.Flags().Changed("keep")
	if !byAge && !byNumber {
		return own, nil
	}
	retention := runs.KeepAll
	if byAge {
		age, err := parseAge(f.olderThan)
		if err != nil {
			return retention, invalid("reading the flags", "--older-than: %w", err)
		}
		retention.Age = max(age, 1)
	}
	if byNumber {
		if f.keep < 1 {
			return retention, invalid("reading the flags", "--keep %d: it must be at least 1; --older-than 0s removes all runs", f.keep)
		}
		retention.Runs = f.keep
	}
	return retention, nil
}

// parseAge reads a duration that may also be a number of days, such as 30d.
func parseAge(text string) (time.Duration, error) {
	const day = 24 * time.Hour
	age, err := time.ParseDuration(text)
	if number, found := strings.CutSuffix(text, "d"); found {
		var days float64
		days, err = strconv.ParseFloat(number, 64)
		if !(days <= float64(1<<63-1)/float64(day)) { // it may be NaN
			err = strconv.ErrRange
		}
		age = time.Duration(days * float64(day))
	}
	switch {
	case err != nil:
		return 0, fmt.Errorf("%q is no age: write it as 30d, 12h or 90m", text)
	case age < 0:
		return 0, fmt.Errorf("%q: an age cannot be negative", text)
	}
	return age, nil
}

func (p program) pruneRuns(cmd *cobra.Command, flags pruneFlags) error {
	if _, err := flags.retention(cmd, runs.Retention{}); err != nil {
		return err
	}
	if flags.dryRun {
		return p.reading(cmd, func(ctx context.Context, s *session) error { return s.showPrunable(ctx, cmd, flags) })
	}
	return inSession(cmd, func() (*session, error) { return p.openToRun() },
		func(s *session, interrupts *interrupts) error {
			if err := s.startUnlessInterrupted(cmd, interrupts); err != nil { // the IO managers of ops may need it
				return err
			}
			return interrupts.during(func(ctx context.Context) error { return s.prune(ctx, cmd, flags) }, noteStopping(cmd))
		})
}

func (s *session) showPrunable(ctx context.Context, cmd *cobra.Command, flags pruneFlags) error {
	retention, err := flags.retention(cmd, s.launcher.Retention())
	if err != nil {
		return err
	}
	found, err := s.launcher.Prunable(ctx, retention)
	if err != nil {
		return err
	}
	if flags.json {
		if found == nil {
			found = []history.PrunableRun{}
		}
		return writeDocument(cmd.OutOrStdout(), struct {
			Runs []history.PrunableRun `json:"runs"`
		}{found})
	}
	writePrunable(cmd.OutOrStdout(), found)
	return nil
}

func writePrunable(out io.Writer, found []history.PrunableRun) {
	if len(found) == 0 {
		_, _ = fmt.Fprintln(out, "there are no runs to remove")
		return
	}
	t := table{columns: []column{{name: "RUN"}, {name: "JOB"}, {name: "ENDED"}, {name: "KEPT"}}}
	reduced := 0
	for _, run := range found {
		kept := "nothing"
		if run.KeepsRecord {
			kept = "the record"
			reduced++
		}
		t.add(run.ID, run.Job, timeText(run.Finished), kept)
	}
	t.write(out, screenOf(out), "")
	_, _ = fmt.Fprintf(out, "\nwould remove %s and keep the records of %s\n", runsText(len(found)-reduced), runsText(reduced))
}

func runsText(n int) string {
	if n == 1 {
		return "1 run"
	}
	return countText(int64(n)) + " runs"
}

func (s *session) prune(ctx context.Context, cmd *cobra.Command, flags pruneFlags) error {
	retention, err := flags.retention(cmd, s.launcher.Retention())
	if err != nil {
		return err
	}
	pruned, err := s.launcher.Prune(ctx, retention)
	if flags.json {
		if failed := writeDocument(cmd.OutOrStdout(), pruned); err == nil {
			err = failed
		}
		return interruptedOr(ctx, err)
	}
	if len(pruned.Removed)+len(pruned.Reduced) == 0 && err == nil {
		_, _ = fmt.Fprintln(cmd.OutOrStdout(), "there are no runs to remove")
		return nil
	}
	_, _ = fmt.Fprintf(cmd.OutOrStdout(), "removed %s and kept the records of %s; events removed: %s\n",
		runsText(len(pruned.Removed)), runsText(len(pruned.Reduced)), countText(pruned.Events))
	return interruptedOr(ctx, err)
}
