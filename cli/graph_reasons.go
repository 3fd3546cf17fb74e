package cli

import (
	"fmt"
	"io"
	"reflect"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/internal/signature"
	"github.com/fxrun/fxrun/iomanagers"
)

// explain says why a run of the job, or of the selection, would need the
// resource. Without either the explanation is empty. What is wrong with the
// launch of other resources is no matter here.
func (s *session) explain(key, job string, selects []string) (container.Explanation, error) {
	plan, err := s.plan(job, selects)
	if err != nil || plan == nil {
		return container.Explanation{}, err
	}
	targets, err := s.targets(plan)
	if err != nil {
		return container.Explanation{}, err
	}
	explanation, _ := s.container.Explain(key, container.Needs(targets...))
	return explanation, nil
}

// plan is nil where neither a job nor a selection is named.
func (s *session) plan(job string, selects []string) (*assets.Plan, error) {
	switch {
	case job != "":
		named, err := s.graph.Job(job)
		return named.Plan, err
	case len(selects) > 0:
		return s.graph.Plan(eitherOf(selects))
	}
	return nil, nil
}

// targets are what a run of the plan needs: what the functions ask for, and
// the IO managers, each under a name that says what for.
func (s *session) targets(plan *assets.Plan) ([]*container.Target, error) {
	var targets []*container.Target
	storage := func(name, key string) error {
		ask := signature.Key{Type: reflect.TypeFor[iomanagers.IOManager](), Name: key}
		target, err := s.container.Target(name, signature.Make([]signature.Param{{Key: ask}}, nil, nil))
		targets = append(targets, target)
		return err
	}
	for _, step := range plan.Steps {
		targets = append(targets, step.Target())
		for _, output := range step.Outputs {
			if output.Type == nil {
				continue
			}
			if err := storage("storing "+string(output.Kind)+" "+output.Key, output.IO); err != nil {
				return nil, err
			}
		}
		for _, input := range step.Inputs {
			if input.Planned { // whatever stores it loads it
				continue
			}
			if err := storage("loading "+string(input.Kind)+" "+input.Key, input.IO); err != nil {
				return nil, err
			}
		}
	}
	return targets, nil
}

// mostReasons is how many reasons are told in text.
const mostReasons = 20

func writeReasons(out io.Writer, screen screen, needed container.Explanation) {
	if needed.Unneeded != "" {
		_, _ = fmt.Fprintf(out, "\n%s: %s\n", screen.in(bold, "not needed"), needed.Unneeded)
	}
	if len(needed.Reasons) == 0 {
		return
	}
	_, _ = fmt.Fprintln(out, "\n"+screen.in(bold, "needed by"))
	for i, reason := range needed.Reasons {
		if i == mostReasons {
			_, _ = fmt.Fprintf(out, "  and %d more: --json lists them all\n", len(needed.Reasons)-mostReasons)
			break
		}
		_, _ = fmt.Fprintln(out, "  "+clean(reason.String()))
	}
}
