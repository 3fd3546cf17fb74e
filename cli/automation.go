package cli

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/fxrun/fxrun/automation"
)

func (p program) scheduleCommand() *cobra.Command {
	return p.automationCommand(automation.KindSchedule)
}

func (p program) sensorCommand() *cobra.Command {
	return p.automationCommand(automation.KindSensor)
}

// automationCommand is the command about one schedule or sensor.
func (p program) automationCommand(kind automation.Kind) *cobra.Command {
	var asJSON bool
	var limit int
	command := &cobra.Command{
		Use:               string(kind) + " NAME",
		Short:             fmt.Sprintf("Show a %s: its state and its last ticks", kind),
		Long:              fmt.Sprintf("Show a %s: its state and its last ticks, the newest first.\n\n", kind) + serverHelp,
		Example:           fmt.Sprintf("  PROGRAM %[1]s %[2]s --ticks 50\n  PROGRAM %[1]s off %[2]s", kind, exampleOf(kind)),
		Args:              one("the name of a " + string(kind)),
		ValidArgsFunction: p.completions(p.automationNames(kind), 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.showAutomation(cmd, kind, args[0], limit, asJSON)
		},
	}
	command.Flags().IntVarP(&limit, "ticks", "n", 20, "show the last `N` ticks; 0 shows all")
	command.Flags().BoolVar(&asJSON, "json", false, "write JSON")
	registerServer(command)
	command.AddCommand(p.switchCommand(kind, true), p.switchCommand(kind, false), p.resetCommand(kind), p.previewCommand(kind))
	return command
}

// exampleOf is a name in the help about a schedule or a sensor.
func exampleOf(kind automation.Kind) string {
	if kind == automation.KindSensor {
		return "new_tables"
	}
	return "nightly"
}

// automationDocument is a schedule or a sensor as JSON.
type automationDocument struct {
	automation.Status
	Ticks []automation.TickRecord `json:"ticks"`
}

func (p program) showAutomation(cmd *cobra.Command, kind automation.Kind, name string, limit int, asJSON bool) error {
	if limit < 0 {
		return invalid("reading the flags", "--ticks %d: it cannot be negative", limit)
	}
	return p.controlling(cmd, func(ctx context.Context, control automationSource) error {
		status, err := control.Status(ctx, kind, name)
		if err != nil {
			return err
		}
		ticks, err := control.Ticks(ctx, kind, name, limit)
		if err != nil {
			return err
		}
		if asJSON {
			status.Tick = nil // it is the first of them
			return writeDocument(cmd.OutOrStdout(), automationDocument{status, ticks})
		}
		writeAutomation(cmd.OutOrStdout(), status, ticks)
		return nil
	})
}

func writeAutomation(out io.Writer, status automation.Status, ticks []automation.TickRecord) {
	screen := screenOf(out)
	_, _ = fmt.Fprintln(out, screen.in(bold, string(status.Kind)+" "+status.Name))
	var about facts
	about.add("description", status.Description.Description)
	about.add("on", onText(status.Ticking))
	about.add("ticks", timesText(status.Description))
	about.add("runs", targetText(status.Description))
	about.add("function", status.Function)
	about.add("resources", strings.Join(status.Resources, " "))
	about.add("defined", status.Position)
	about.add("last", timeText(status.State.Last))
	about.add("next", timeText(status.Next))
	about.add("cursor", status.State.Cursor)
	about.write(out, screen)
	_, _ = fmt.Fprintln(out)
	if len(ticks) == 0 {
		_, _ = fmt.Fprintln(out, "it has not ticked yet")
		return
	}
	t := &table{columns: []column{{name: "TICK", right: true}, {name: "FOR"}, {name: "STATUS"}, {name: "TIME", right: true}, {name: "RUNS"}, {name: "ABOUT"}}}
	for _, tick := range ticks {
		t.add(countText(tick.Tick), timeText(tick.Scheduled), string(tick.Status), durationText(tick.Duration), tickRuns(tick), tickText(tick))
		switch tick.Status {
		case automation.TickRequested:
			t.last(2).colour = green
		case automation.TickFailed:
			t.last(2).colour = red
		case automation.TickSkipped:
			t.last(2).colour = dim
		}
	}
	t.write(out, screen, "")
}

// tickRuns names the first runs of a tick.
func tickRuns(tick automation.TickRecord) string {
	const shown = 3
	var ids []string
	for i, run := range tick.Runs {
		if i == shown {
			ids = append(ids, fmt.Sprintf("and %d more", len(tick.Runs)-shown))
			break
		}
		ids = append(ids, run.Run.ID)
	}
	return strings.Join(ids, " ")
}

// tickText says what there is to say about a tick.
func tickText(tick automation.TickRecord) string {
	text := tick.Reason
	if tick.Error.Message != "" {
		text = tick.Error.Message
		if !tick.Again.IsZero() {
			text += "; it is tried again at " + timeText(tick.Again)
		}
	}
	if tick.Count > 1 {
		text = strings.TrimSpace(fmt.Sprintf("%d ticks; %s", tick.Count, text))
	}
	return strings.Join(strings.Fields(text), " ")
}
