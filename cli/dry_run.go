package cli

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/runs"
)

// planJSON is a dry run.
type planJSON struct {
	Job       string                  `json:"job,omitempty"`
	Selection string                  `json:"selection,omitempty"`
	Steps     []stepJSON              `json:"steps"`
	Resources []container.Description `json:"resources"`
	Faults    []string                `json:"faults"`
}

type stepJSON struct {
	Step     string            `json:"step"`
	Op       bool              `json:"op,omitempty"`
	Needs    []string          `json:"needs"`   // steps of this run that come before
	Inputs   []string          `json:"inputs"`  // what it takes the values of
	Outputs  []outputJSON      `json:"outputs"` // what it makes
	Attempts int               `json:"attempts"`
	Timeout  time.Duration     `json:"timeout_ns,omitempty"`
	Config   []container.Field `json:"config"`
}

type outputJSON struct {
	Key string `json:"key"`
	IO  string `json:"io,omitempty"` // none where the function stores its own data
}

// dryRun shows what a run would do.
func (p program) dryRun(cmd *cobra.Command, request runs.Request, asJSON bool) error {
	s, err := p.open()
	if err != nil {
		return err
	}
	if request, err = withDefault(request, s.graph); err != nil {
		return err
	}
	preview, err := s.launcher.Check(request)
	if err != nil && preview.Plan == nil {
		return err
	}
	plan := planJSON{
		Job: request.Job, Selection: preview.Plan.Selection, Steps: []stepJSON{},
		Resources: list(preview.Resources), Faults: faultTexts(err),
	}
	for _, step := range preview.Plan.Steps {
		plan.Steps = append(plan.Steps, planned(step, preview.Steps))
	}
	if asJSON {
		return writeWithFaults(cmd.OutOrStdout(), plan, err)
	}
	plan.write(cmd.OutOrStdout())
	if err == nil {
		noteUnused(cmd.ErrOrStderr(), request.Config, preview.Plan)
	}
	return err
}

func planned(step *assets.Step, configs []container.StepDescription) stepJSON {
	described := stepJSON{
		Step: step.Key, Op: step.Kind == assets.KindOp, Needs: list(step.Needs), Inputs: []string{}, Outputs: []outputJSON{},
		Attempts: step.Retries + 1, Timeout: step.Timeout, Config: []container.Field{},
	}
	for _, input := range step.Inputs {
		described.Inputs = append(described.Inputs, input.Key)
	}
	for _, output := range step.Outputs {
		described.Outputs = append(described.Outputs, outputJSON{output.Key, output.IO})
	}
	for _, config := range configs {
		if config.Key == step.Key {
			described.Config = list(config.Config)
		}
	}
	return described
}

// makes are the outputs that have another key than the step.
func (s stepJSON) makes() string {
	if len(s.Outputs) == 1 && s.Outputs[0].Key == s.Step {
		return ""
	}
	keys := make([]string, len(s.Outputs))
	for i, output := range s.Outputs {
		keys[i] = output.Key
	}
	return strings.Join(keys, " ")
}

// storedBy are the IO managers, each once.
func (s stepJSON) storedBy() string {
	var keys []string
	for _, output := range s.Outputs {
		if output.IO != "" && !slices.Contains(keys, output.IO) {
			keys = append(keys, output.IO)
		}
	}
	return strings.Join(keys, " ")
}

func (p planJSON) write(out io.Writer) {
	screen := screenOf(out)
	of := "selection " + clean(p.Selection)
	if p.Job != "" {
		of = "job " + p.Job
	}
	_, _ = fmt.Fprintln(out, screen.in(bold, fmt.Sprintf("would run %s of %s", counted(len(p.Steps), "step"), of)))
	p.stepTable().write(out, screen, "  ")
	for _, step := range p.Steps {
		if len(step.Config) > 0 {
			_, _ = fmt.Fprintln(out, "  "+step.Step)
			fieldTable(step.Config).write(out, screen, "    ")
		}
	}
	_, _ = fmt.Fprintln(out, "\n"+screen.in(bold, "would start "+counted(len(p.Resources), "resource")))
	for _, resource := range p.Resources {
		_, _ = fmt.Fprintln(out, "  "+resource.Key+gap+screen.in(dim, strings.TrimSpace(firstType(resource)+" "+lifetimeText(resource.Lifetime))))
		if len(resource.Config) > 0 {
			fieldTable(resource.Config).write(out, screen, "    ")
		}
	}
	_, _ = fmt.Fprintln(out, "\nnothing was started")
}

// lifetimeText says how long a resource lives, where that is not per run.
func lifetimeText(lifetime container.Lifetime) string {
	if lifetime == container.Run {
		return ""
	}
	return "per " + lifetime.String()
}

func (p planJSON) stepTable() *table {
	steps := &table{columns: []column{{name: "STEP"}, {name: "AFTER"}, {name: "TAKES"}, {name: "STORED BY"}}}
	several := slices.ContainsFunc(p.Steps, func(s stepJSON) bool { return s.makes() != "" })
	if several { // else it would be the first column once more
		steps.columns = append(steps.columns, column{name: "MAKES"})
	}
	retried := slices.ContainsFunc(p.Steps, func(s stepJSON) bool { return s.Attempts > 1 })
	if retried {
		steps.columns = append(steps.columns, column{name: "ATTEMPTS", right: true})
	}
	limited := slices.ContainsFunc(p.Steps, func(s stepJSON) bool { return s.Timeout > 0 })
	if limited {
		steps.columns = append(steps.columns, column{name: "TIMEOUT", right: true})
	}
	for _, step := range p.Steps {
		cells := []string{step.Step, strings.Join(step.Needs, " "), strings.Join(step.Inputs, " "), step.storedBy()}
		if several {
			cells = append(cells, step.makes())
		}
		if retried {
			cells = append(cells, strconv.Itoa(step.Attempts))
		}
		if limited && step.Timeout > 0 {
			cells = append(cells, step.Timeout.String())
		} else if limited {
			cells = append(cells, "")
		}
		steps.add(cells...)
	}
	return steps
}

// fieldTable shows the fields of a config, and where each value is from.
func fieldTable(config []container.Field) *table {
	fields := &table{columns: []column{{name: "FIELD"}, {name: "VALUE"}, {name: "SOURCE"}}}
	for _, field := range config {
		fields.add(field.Path, field.Value, sourceText(field))
		fields.last(2).colour = sourceColour(field)
	}
	return fields
}
