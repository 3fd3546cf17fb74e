package cli

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/spf13/cobra"

	"github.com/fxrun/fxrun/automation"
)

func (p program) previewCommand(kind automation.Kind) *cobra.Command {
	var at, cursor string
	var asJSON bool
	command := &cobra.Command{
		Use:   "preview NAME",
		Short: "Show the runs that a tick would ask for, and launch none",
		Long: "Show the runs that a tick would ask for, and launch none. The function of the\n" +
			string(kind) + " is called, with real resources, which are stopped afterwards. The config of\n" +
			"each run is checked. Nothing is recorded, and the cursor stays as it is.\n\n" + serverHelp,
		Example:           fmt.Sprintf("  PROGRAM %s preview %s --at 2026-03-29T02:30:00Z", kind, exampleOf(kind)),
		Args:              one("the name of a " + string(kind)),
		ValidArgsFunction: p.completions(p.automationNames(kind), 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			occasion := automation.Occasion{Cursor: cursor}
			if at != "" {
				var err error
				if occasion.Scheduled, err = time.Parse(time.RFC3339, at); err != nil {
					return invalid("reading the flags", "--at %q: give a time as 2026-03-29T02:30:00Z or 2026-03-29T02:30:00+01:00", at)
				}
			}
			return p.preview(cmd, kind, args[0], occasion, asJSON)
		},
	}
	registerServer(command)
	command.Flags().StringVar(&at, "at", "", "the `TIME` that the tick is for (default: now)")
	command.Flags().StringVar(&cursor, "cursor", "", "the cursor that the tick finds, a `TEXT` (default: that of the history)")
	command.Flags().BoolVar(&asJSON, "json", false, "write JSON")
	return command
}

func (p program) preview(cmd *cobra.Command, kind automation.Kind, name string, occasion automation.Occasion, asJSON bool) error {
	show := func(preview automation.Preview) error {
		if asJSON {
			return writeDocument(cmd.OutOrStdout(), preview)
		}
		writePreview(cmd.OutOrStdout(), preview)
		return nil
	}
	server, err := p.connect(cmd)
	if err != nil {
		return err
	}
	if server != nil {
		defer server.Close()
		return calling(cmd, func(ctx context.Context) error {
			preview, err := server.previewTick(ctx, kind, name, occasion)
			if err != nil {
				return err
			}
			return show(preview)
		})
	}
	occasion.Logger = slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), nil))
	open := func() (*session, error) { return p.openToRun() }
	return inSession(cmd, open, func(s *session, interrupts *interrupts) error {
		control, err := automation.NewControl(s.automations, s.history())
		if err != nil {
			return err
		}
		if err := s.startUnlessInterrupted(cmd, interrupts); err != nil {
			return err
		}
		var preview automation.Preview
		err = interrupts.during(func(ctx context.Context) (err error) {
			preview, err = control.Preview(ctx, s.launcher, kind, name, occasion)
			return interruptedOr(ctx, err)
		}, noteStopping(cmd))
		if err != nil {
			return err
		}
		return show(preview)
	})
}

func writePreview(out io.Writer, preview automation.Preview) {
	switch {
	case preview.Skipped:
		_, _ = fmt.Fprintln(out, clean("the tick would be skipped: "+preview.Reason))
	case len(preview.Requests) == 0:
		_, _ = fmt.Fprintln(out, "the tick would ask for no run")
	}
	if preview.Cursor != "" {
		_, _ = fmt.Fprintln(out, clean("the cursor would be "+preview.Cursor))
	}
	if len(preview.Requests) == 0 {
		return
	}
	t := &table{columns: []column{{name: "RUNS"}, {name: "KEY"}, {name: "CONFIG"}, {name: "TAGS"}, {name: "ABOUT"}}}
	for _, request := range preview.Requests {
		queued, about, config := request.Run.Queued, "", string(request.Run.Queued.Config)
		if request.Known {
			about = "its key has made a run before"
		}
		if config == "{}" {
			config = ""
		}
		t.add(targetText(automation.Description{Job: queued.Job, Selection: queued.Selection}), request.Key, config, pairs(queued.Tags), about)
	}
	t.write(out, screenOf(out), "")
}
