package cli

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/fxrun/fxrun/automation"
)

func (p program) schedulesCommand() *cobra.Command {
	return p.automationsCommand(automation.KindSchedule, "List the schedules: when they tick, what they run, and when they tick next")
}

func (p program) sensorsCommand() *cobra.Command {
	return p.automationsCommand(automation.KindSensor, "List the sensors: how often or for what they tick, and what they did last")
}

func (p program) automationsCommand(kind automation.Kind, short string) *cobra.Command {
	var asJSON bool
	command := &cobra.Command{
		Use:   string(kind) + "s",
		Short: short,
		Long:  short + ". The\ncommand daemon ticks them.\n\n" + serverHelp,
		Args:  noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.controlling(cmd, func(ctx context.Context, control automationSource) error {
				all, err := control.All(ctx, kind)
				if err != nil {
					return err
				}
				if asJSON {
					return writeDocument(cmd.OutOrStdout(), all)
				}
				writeAutomations(cmd.OutOrStdout(), kind, all)
				return nil
			})
		},
	}
	command.Flags().BoolVar(&asJSON, "json", false, "write JSON")
	registerServer(command)
	return command
}

func writeAutomations(out io.Writer, kind automation.Kind, all []automation.Status) {
	if len(all) == 0 {
		_, _ = fmt.Fprintf(out, "no %ss are defined\n", kind)
		return
	}
	t := &table{columns: []column{{name: "SCHEDULE"}, {name: "ON"}, {name: "TIMES"}, {name: "RUNS"}, {name: "LAST"}, {name: "NEXT"}, {name: "DESCRIPTION"}}}
	if kind == automation.KindSensor {
		t.columns[0].name, t.columns[2].name, t.columns[5].name = "SENSOR", "TICKS", "CURSOR"
	}
	for _, one := range all {
		last := timeText(one.Next)
		if kind == automation.KindSensor {
			last = one.State.Cursor
		}
		t.add(one.Name, onText(one.Ticking), timesText(one.Description), targetText(one.Description), timeText(one.State.Last), last, one.Description.Description)
		t.last(1).colour = dim
		if one.Ticking {
			t.last(1).colour = green
		}
	}
	t.write(out, screenOf(out), "")
}

func onText(on bool) string {
	if on {
		return "on"
	}
	return "off"
}

// timesText says when a definition ticks.
func timesText(d automation.Description) string {
	switch {
	case d.Kind == automation.KindSchedule:
		return d.Cron + " " + d.Zone
	case d.On != "":
		return d.On
	}
	return "every " + durationText(d.Every)
}

// targetText says what a definition runs.
func targetText(d automation.Description) string {
	if d.Job != "" {
		return "job " + d.Job
	}
	return d.Selection
}

func (p program) automationNames(kind automation.Kind) names {
	return func(s *session) []cobra.Completion {
		var found []cobra.Completion
		for _, d := range s.automations.Descriptions() {
			if d.Kind == kind {
				found = append(found, cobra.CompletionWithDesc(d.Name, clean(d.Description)))
			}
		}
		return found
	}
}
