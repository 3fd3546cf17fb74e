package cli

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/inspect"
)

// stepTable shows the status of each step of a run, and the assets that the step
// made. An asset with the key of the step is shown in the line of the step. Other
// assets are shown in lines below it.
func stepTable(record history.Record, values inspect.StepValues) *table {
	t := &table{columns: []column{
		{name: "STEP"}, {name: "STATUS"}, {name: "TIME", right: true}, {name: "ROWS", right: true}, {name: "SIZE", right: true}, {name: "METADATA"},
	}}
	workers := slices.ContainsFunc(record.Steps, func(step history.StepRecord) bool { return step.Worker != "" })
	if workers {
		t.columns = slices.Insert(t.columns, 2, column{name: "WORKER"})
	}
	add := func(key, status, worker string, more ...string) {
		cells := []string{key, status}
		if workers {
			cells = append(cells, inspect.WorkerText(worker))
		}
		t.add(append(cells, more...)...)
	}
	for _, step := range record.Steps {
		value, own := values.Own(step.Key)
		took := ""
		if step.Duration > 0 {
			took = durationText(step.Duration)
		}
		about := metadataText(value)
		if about == "" {
			about = step.Because
		}
		if step.Progress != (history.Progress{}) {
			about = progressText(step.Progress)
		}
		if step.Attempt > 1 {
			about = strings.TrimSpace(fmt.Sprintf("attempts=%d %s", step.Attempt, about))
		}
		add(step.Key, string(step.Status), step.Worker, took, rowsOf(value), sizeOf(value), about)
		t.last(1).colour = statusColour(string(step.Status))
		if own {
			continue
		}
		for _, value := range values[step.Key] {
			add("  "+valueName(value), "materialized", "", "", rowsOf(value), sizeOf(value), metadataText(value))
		}
	}
	return t
}

// why says why a run did not succeed. For a cancelled run it leaves out that steps
// were cancelled.
func why(record history.Record) string {
	lines := strings.Split(cleanLines(record.Error.Message), "\n")
	if record.Status == history.StatusCancelled {
		lines = slices.DeleteFunc(lines, func(line string) bool { return strings.HasSuffix(line, ": "+context.Canceled.Error()) })
	}
	return strings.Join(lines, "\n")
}

// writeSummary writes the end of the output of a run. errors has the errors that
// the output does not contain yet, and look has the words of the command that shows a run.
func writeSummary(out io.Writer, screen screen, record history.Record, errors string, values inspect.StepValues, look lookAt) {
	_, _ = fmt.Fprintln(out)
	stepTable(record, values).write(out, screen, "")
	_, _ = fmt.Fprintln(out)
	end := "run " + record.ID + " " + told(record.Status)
	if record.Status.Finished() {
		end += " after " + runTime(record)
	}
	_, _ = fmt.Fprintln(out, screen.in(statusColour(string(record.Status)), end))
	if errors != "" {
		_, _ = fmt.Fprintln(out, "  "+indented(errors))
	}
	_, _ = fmt.Fprintln(out, "look at it: "+look.text(record.ID))
}

// lookAt is how a person looks at a run: the words that start the program, and the server
// that has the run, if the command line names it.
type lookAt struct{ program, server string }

func (l lookAt) text(id string) string {
	text := l.program + " runs show " + id
	if l.server != "" {
		text += " --server " + clean(l.server)
	}
	return text
}

func lookOf(command *cobra.Command) lookAt {
	look := lookAt{program: typed(treeOf(command))}
	if flag := command.Flags().Lookup("server"); flag != nil {
		look.server = flag.Value.String()
	}
	return look
}
