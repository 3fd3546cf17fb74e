package cli

import (
	"fmt"
	"io"
	"strings"

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
	Asset  string   `json:"asset"`
	Needs  []string `json:"needs"`        // steps of this run that come before
	Inputs []string `json:"inputs"`       // assets whose values it takes
	IO     string   `json:"io,omitempty"` // none where the function stores its own data
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
	err = aboutRun(err)
	plan := planJSON{
		Job: request.Job, Selection: preview.Plan.Selection, Steps: []stepJSON{},
		Resources: list(preview.Resources), Faults: faultTexts(err),
	}
	for _, step := range preview.Plan.Steps {
		plan.Steps = append(plan.Steps, planned(step))
	}
	if asJSON {
		return writeWithFaults(cmd.OutOrStdout(), plan, err)
	}
	plan.write(cmd.OutOrStdout())
	return err
}

func planned(step *assets.Step) stepJSON {
	described := stepJSON{Asset: step.Asset, Needs: list(step.Needs), Inputs: []string{}}
	for _, input := range step.Inputs {
		described.Inputs = append(described.Inputs, input.Asset)
	}
	if step.Output != nil {
		described.IO = step.IO
	}
	return described
}

func (p planJSON) write(out io.Writer) {
	screen := screenOf(out)
	of := "selection " + clean(p.Selection)
	if p.Job != "" {
		of = "job " + p.Job
	}
	_, _ = fmt.Fprintln(out, screen.in(bold, fmt.Sprintf("would run %s of %s", counted(len(p.Steps), "step"), of)))
	steps := table{columns: []column{{name: "STEP"}, {name: "AFTER"}, {name: "TAKES"}, {name: "STORED BY"}}}
	for _, step := range p.Steps {
		steps.add(step.Asset, strings.Join(step.Needs, " "), strings.Join(step.Inputs, " "), step.IO)
	}
	steps.write(out, screen, "  ")
	_, _ = fmt.Fprintln(out, "\n"+screen.in(bold, "would start "+counted(len(p.Resources), "resource")))
	for _, resource := range p.Resources {
		_, _ = fmt.Fprintln(out, "  "+resource.Key+gap+screen.in(dim, firstType(resource)))
		if len(resource.Config) == 0 {
			continue
		}
		fields := table{columns: []column{{name: "FIELD"}, {name: "VALUE"}, {name: "SOURCE"}}}
		for _, field := range resource.Config {
			fields.add(field.Path, field.Value, sourceText(field))
			fields.last(2).colour = sourceColour(field)
		}
		fields.write(out, screen, "    ")
	}
	_, _ = fmt.Fprintln(out, "\nnothing was started")
}
