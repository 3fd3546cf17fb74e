package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/fxrun/fxrun/automation"
)

func (p program) switchCommand(kind automation.Kind, on bool) *cobra.Command {
	var options automation.SwitchOptions
	command := &cobra.Command{
		Use:               onText(on) + " NAME",
		Short:             fmt.Sprintf("Turn a %s %s", kind, onText(on)),
		Long:              fmt.Sprintf("Turn a %[1]s %[2]s. The daemon obeys within a second. The %[1]s stays %[2]s when\nthe daemon starts again.\n\n", kind, onText(on)) + serverHelp,
		Args:              one("the name of a " + string(kind)),
		ValidArgsFunction: p.completions(p.automationNames(kind), 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.controlling(cmd, func(ctx context.Context, control automationSource) error {
				if err := control.Switch(ctx, kind, args[0], on, options); err != nil {
					return err
				}
				_, _ = fmt.Fprintf(cmd.OutOrStdout(), "%s %s is %s\n", kind, args[0], onText(on))
				return nil
			})
		},
	}
	registerServer(command)
	if on {
		command.Flags().BoolVar(&options.CatchUp, "catch-up", false, "also tick for the time at which it was off (default: go on from now)")
	}
	return command
}

func (p program) resetCommand(kind automation.Kind) *cobra.Command {
	var cursor string
	var start bool
	var keys []string
	command := &cobra.Command{
		Use:   "reset NAME",
		Short: fmt.Sprintf("Set the cursor of a %s, or let keys of requests make a run again", kind),
		Long: fmt.Sprintf("Set the cursor of a %s, or let keys of requests make a run again. A key makes a\n"+
			"run once for ever, also after the cursor was set back, unless it is reset here.\n\n", kind) + serverHelp,
		Example:           fmt.Sprintf("  PROGRAM %[1]s reset %[2]s --cursor 2026-01-01\n  PROGRAM %[1]s reset %[2]s --from-start --key orders --key shops", kind, exampleOf(kind)),
		Args:              one("the name of a " + string(kind)),
		ValidArgsFunction: p.completions(p.automationNames(kind), 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			reset := automation.Reset{Keys: keys}
			switch {
			case start && cursor != "":
				return invalid("reading the flags", "--cursor and --from-start exclude each other: give one of them")
			case start || cursor != "":
				reset.Cursor = &cursor
			}
			return p.controlling(cmd, func(ctx context.Context, control automationSource) error {
				if err := control.Reset(ctx, kind, args[0], reset); err != nil {
					return err
				}
				_, _ = fmt.Fprintf(cmd.OutOrStdout(), "%s %s is reset\n", kind, args[0])
				return nil
			})
		},
	}
	registerServer(command)
	command.Flags().StringVar(&cursor, "cursor", "", "set the cursor to this `TEXT`")
	command.Flags().BoolVar(&start, "from-start", false, "set the cursor to the empty text, as before the first tick")
	command.Flags().StringArrayVar(&keys, "key", nil, "let this `KEY` make a run again (can be repeated)")
	return command
}
