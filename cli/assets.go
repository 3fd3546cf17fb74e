package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/fxrun/fxrun/history/sqlhistory"
	"github.com/fxrun/fxrun/inspect"
)

func (p program) assetsCommand() *cobra.Command {
	var asJSON bool
	var selects []string
	command := &cobra.Command{
		Use:               "assets",
		Short:             "List the assets, and when each was last materialized",
		Long:              "List the assets, and when each was last materialized.\n\n" + serverHelp,
		Example:           "  PROGRAM assets\n  PROGRAM assets --select 'group:raw or tag:daily' --json",
		Args:              noArguments,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              func(cmd *cobra.Command, _ []string) error { return p.listAssets(cmd, selects, asJSON) },
	}
	command.Flags().StringArrayVarP(&selects, "select", "s", nil, "list only the assets that an `EXPRESSION` selects (can be repeated: assets that any of them selects)")
	command.Flags().BoolVar(&asJSON, "json", false, "write JSON")
	registerServer(command)
	p.complete(command, "select", p.selections)
	return command
}

func (p program) listAssets(cmd *cobra.Command, selects []string, asJSON bool) error {
	show := func(found []inspect.Asset, isKnown bool) error {
		if asJSON {
			return writeDocument(cmd.OutOrStdout(), found)
		}
		writeAssets(cmd, found, isKnown)
		return nil
	}
	return p.readingOr(cmd, func(ctx context.Context, r *remote) error {
		found, err := r.Assets(ctx, eitherOf(selects))
		if err != nil {
			return err
		}
		return show(found, true)
	}, func(ctx context.Context, s *session) error {
		found, err := s.inspect.Assets(eitherOf(selects))
		if err != nil {
			return err
		}
		isKnown, err := withoutHistory(cmd, s.inspect.ReadLast(ctx, found))
		if err != nil {
			return err
		}
		return show(found, isKnown)
	})
}

// withoutHistory is for commands that show definitions. If the error says that the
// history is damaged, it prints a warning, so that the command can go on without
// the history. It returns every other error.
func withoutHistory(cmd *cobra.Command, err error) (isKnown bool, _ error) {
	if !errors.Is(err, sqlhistory.ErrDamaged) {
		return true, err
	}
	_, _ = fmt.Fprintln(cmd.ErrOrStderr(), "warning: "+cleanLines(err.Error()))
	return false, nil
}

func writeAssets(cmd *cobra.Command, described []inspect.Asset, isKnown bool) {
	out := cmd.OutOrStdout()
	if len(described) == 0 {
		_, _ = fmt.Fprintln(out, "no assets are defined")
		return
	}
	t := table{columns: []column{
		{name: "ASSET"}, {name: "GROUP"}, {name: "TYPE"}, {name: "IO"}, {name: "MATERIALIZED"}, {name: "ROWS", right: true}, {name: "DESCRIPTION"},
	}}
	for _, asset := range described {
		when, rows := "never", ""
		if !isKnown {
			when = "unknown"
		}
		if asset.Last != nil {
			when, rows = timeText(asset.Last.Time), rowsOf(materializationOf(*asset.Last))
		}
		t.add(asset.Key, asset.Group, asset.Type, asset.IO, when, rows, firstLine(asset.Description.Description))
		if asset.Last == nil {
			t.last(4).colour = dim
		}
	}
	t.write(out, screenOf(out), "")
}
