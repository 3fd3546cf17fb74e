package cli

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/inspect"
	"github.com/fxrun/fxrun/runs"
)

// dryRun shows what a run would do.
func (p program) dryRun(cmd *cobra.Command, request runs.Request, asJSON bool) error {
	s, err := p.open()
	if err != nil {
		return err
	}
	if request, err = withDefault(request, s.graph.Jobs(), len(s.graph.Assets()) > 0); err != nil {
		return err
	}
	prepared, err := s.launcher.Prepare(request)
	preview := prepared.Preview()
	warnings := s.inspect.LaunchWarnings(os.Environ(), request, preview)
	writeWarnings(cmd.ErrOrStderr(), warnings)
	if err != nil && preview.Plan == nil {
		return err
	}
	launch := inspect.NewLaunch(request, preview, err)
	launch.Warnings = warnings
	return showLaunch(cmd, launch, request.Config, err, asJSON)
}

// showLaunch writes what a launch would do, and returns what is wrong with it.
func showLaunch(cmd *cobra.Command, launch inspect.Launch, config container.RunConfig, wrong error, asJSON bool) error {
	if asJSON {
		launch.Faults = cleanFaults(launch.Faults)
		return writeWithFaults(cmd.OutOrStdout(), launch, wrong)
	}
	writeLaunch(cmd.OutOrStdout(), launch)
	if wrong == nil {
		noteUnused(cmd.ErrOrStderr(), config, attemptsIn(launch))
	}
	return wrong
}

// makes lists the outputs whose key is not the key of the step.
func makes(s inspect.Step) string {
	if len(s.Outputs) == 1 && s.Outputs[0].Key == s.Step {
		return ""
	}
	keys := make([]string, len(s.Outputs))
	for i, output := range s.Outputs {
		keys[i] = output.Key
	}
	return strings.Join(keys, " ")
}

// storedBy lists the IO managers of the outputs, each once.
func storedBy(s inspect.Step) string {
	var keys []string
	for _, output := range s.Outputs {
		if output.IO != "" && !slices.Contains(keys, output.IO) {
			keys = append(keys, output.IO)
		}
	}
	return strings.Join(keys, " ")
}

func writeLaunch(out io.Writer, launch inspect.Launch) {
	screen := screenOf(out)
	of := "selection " + clean(launch.Selection)
	if launch.Job != "" {
		of = "job " + launch.Job
	}
	_, _ = fmt.Fprintln(out, screen.in(bold, fmt.Sprintf("would run %s of %s", counted(len(launch.Steps), "step"), of)))
	launchTable(launch.Steps).write(out, screen, "  ")
	for _, step := range launch.Steps {
		if len(step.Config) > 0 {
			_, _ = fmt.Fprintln(out, "  "+step.Step)
			fieldTable(step.Config).write(out, screen, "    ")
		}
	}
	_, _ = fmt.Fprintln(out, "\n"+screen.in(bold, "would start "+counted(len(launch.Resources), "resource")))
	for _, resource := range launch.Resources {
		_, _ = fmt.Fprintln(out, "  "+resource.Key+gap+screen.in(dim, strings.TrimSpace(firstType(resource)+" "+lifetimeText(resource.Lifetime))))
		if len(resource.Config) > 0 {
			fieldTable(resource.Config).write(out, screen, "    ")
		}
	}
	_, _ = fmt.Fprintln(out, "\nnothing was started")
}

// lifetimeText names the lifetime of a resource. It is empty for the lifetime of a
// run, which is the usual one.
func lifetimeText(lifetime container.Lifetime) string {
	if lifetime == container.LifetimeRun {
		return ""
	}
	return "per " + lifetime.String()
}

func launchTable(steps []inspect.Step) *table {
	t := &table{columns: []column{{name: "STEP"}, {name: "AFTER"}, {name: "TAKES"}, {name: "STORED BY"}}}
	several := slices.ContainsFunc(steps, func(s inspect.Step) bool { return makes(s) != "" })
	if several { // otherwise it would repeat the first column
		t.columns = append(t.columns, column{name: "MAKES"})
	}
	retried := slices.ContainsFunc(steps, func(s inspect.Step) bool { return s.Attempts > 1 })
	if retried {
		t.columns = append(t.columns, column{name: "ATTEMPTS", right: true})
	}
	limited := slices.ContainsFunc(steps, func(s inspect.Step) bool { return s.Timeout > 0 })
	if limited {
		t.columns = append(t.columns, column{name: "TIMEOUT", right: true})
	}
	for _, step := range steps {
		cells := []string{step.Step, strings.Join(step.Needs, " "), strings.Join(step.Inputs, " "), storedBy(step)}
		if several {
			cells = append(cells, makes(step))
		}
		if retried {
			cells = append(cells, strconv.Itoa(step.Attempts))
		}
		if limited && step.Timeout > 0 {
			cells = append(cells, step.Timeout.String())
		} else if limited {
			cells = append(cells, "")
		}
		t.add(cells...)
	}
	return t
}

// fieldTable shows the fields of a config, and the source of each value.
func fieldTable(config []container.Field) *table {
	fields := &table{columns: []column{{name: "FIELD"}, {name: "VALUE"}, {name: "SOURCE"}}}
	for _, field := range config {
		fields.add(field.Path, field.Value, sourceText(field))
		fields.last(2).colour = sourceColour(field.Source)
	}
	return fields
}
