package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/user"
	"time"

	"github.com/spf13/cobra"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/inspect"
)

type cancelFlags struct {
	reason      string
	wait, drain time.Duration
	json        bool
}

func (p program) cancelRunCommand() *cobra.Command {
	var flags cancelFlags
	command := &cobra.Command{
		Use:   "cancel ID",
		Short: "Cancel a run, also one that another process executes",
		Long: "Cancel a run, also one that another process executes. The beginning of an ID is\n" +
			"enough. The process that executes the run starts no more steps, ends the contexts\n" +
			"of its running steps, and stops its resources. The command waits for the end of the\n" +
			"run. If the run has not ended after the time of --wait, the request stands, and the\n" +
			"exit code is 1.\n\n" + serverHelp,
		Example:           "  PROGRAM runs cancel k3v9 --reason 'wrong table'\n  PROGRAM runs cancel k3v9 --wait 0s",
		Args:              one("the ID of a run"),
		ValidArgsFunction: p.completeRun,
		RunE:              func(cmd *cobra.Command, args []string) error { return p.cancelRun(cmd, args[0], flags) },
	}
	command.Flags().StringVar(&flags.reason, "reason", "", "record this `TEXT` as the reason")
	command.Flags().DurationVar(&flags.drain, "drain", 0, "only start no more steps, and let running ones go on for this `DURATION` (default: cancel them at once)")
	command.Flags().DurationVar(&flags.wait, "wait", time.Minute, "wait at most this `DURATION` for the end of the run; 0s does not wait")
	command.Flags().BoolVar(&flags.json, "json", false, "write the record of the run as JSON")
	registerServer(command)
	return command
}

// cancelReason is what is recorded if the person gives no reason.
const cancelReason = "by the command runs cancel"

func (p program) cancelRun(cmd *cobra.Command, id string, flags cancelFlags) error {
	if flags.wait < 0 {
		return invalid("reading the flags", "--wait %v: it cannot be negative", flags.wait)
	}
	if flags.drain < 0 {
		return invalid("reading the flags", "--drain %v: it cannot be negative", flags.drain)
	}
	return p.readingRun(cmd, id, func(ctx context.Context, source runSource, record history.Record) error {
		request := history.RunCancelRequested{Reason: cmp.Or(flags.reason, cancelReason), By: person(), Within: flags.drain}
		if err := source.cancel(ctx, record, request); err != nil {
			return err
		}
		record, err := awaitEnd(ctx, source.store(), record.ID, flags.wait)
		if err != nil {
			return err
		}
		run, _ := source.detail(ctx, record) // what is not known is left out
		if flags.json {
			err = writeDocument(cmd.OutOrStdout(), run)
		} else {
			_, err = fmt.Fprintln(cmd.OutOrStdout(), cancelText(run))
		}
		if !record.Status.Finished() && flags.wait > 0 {
			return errors.Join(err, &unsuccessful{record.ID, history.StatusFailed})
		}
		return err
	})
}

// person names who uses the command, as in ann@build7.
func person() string {
	name, host := "unknown", "unknown"
	if user, err := user.Current(); err == nil && user.Username != "" {
		name = user.Username
	}
	if found, err := os.Hostname(); err == nil && found != "" {
		host = found
	}
	return name + "@" + host
}

// awaitEnd waits until a run has ended, but not longer than limit, and returns its
// record.
func awaitEnd(ctx context.Context, store history.Store, id string, limit time.Duration) (history.Record, error) {
	const between = 50 * time.Millisecond
	limited, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	ticks := time.NewTicker(between)
	defer ticks.Stop()
	for {
		record, err := history.Find(ctx, store, id)
		if err != nil || record.Status.Finished() {
			return record, err
		}
		select {
		case <-limited.Done():
			return record, ctx.Err()
		case <-ticks.C:
		}
	}
}

func cancelText(run inspect.RunDetail) string {
	if run.Status.Finished() {
		return "run " + run.ID + " " + told(run.Status)
	}
	text := "run " + run.ID + " is still " + string(run.Status) + ": its cancellation is requested"
	if run.GoesOn() {
		text += "; its launcher is gone, and the next process that takes the run over cancels it"
	}
	return text
}
