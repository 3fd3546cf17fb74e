package binding

import (
	"fmt"
	"iter"
	"reflect"
	"slices"
	"strings"

	"github.com/fxrun/fxrun/assets"
)

// value is a value that the functions of a graph make and an IO manager stores,
// and who takes it.
type value struct {
	assets.Output
	maker  *assets.Step
	takers []taker
}

// of says what makes the value, for errors: "asset orders (shop.go:31)".
func (v value) of() string { return defined(v.Kind, v.Key, v.maker) }

// taker is a function that takes a value as a Go type.
type taker struct {
	step *assets.Step
	as   reflect.Type
}

// of is as in value.
func (t taker) of() string { return defined(t.step.Kind, t.step.Key, t.step) }

// name tells the values of a graph apart: those of the ops of different jobs may
// have one key.
type name struct{ job, key string }

func nameOf(output assets.Output, job string) name {
	if output.Kind == assets.KindAsset {
		job = ""
	}
	return name{job, output.Key}
}

// valuesOf returns all values of assets and ops that an IO manager stores: those
// of assets first, then those of each job of ops.
func valuesOf(g *assets.Graph) []value {
	takers := make(map[name][]taker)
	var values []value
	var jobs []string // of the values
	for job, step := range stepsOf(g) {
		for _, input := range step.Inputs {
			of := nameOf(input.Output, job)
			takers[of] = append(takers[of], taker{step: step, as: input.As})
		}
		for _, output := range step.Outputs {
			if output.Type != nil {
				values, jobs = append(values, value{Output: output, maker: step}), append(jobs, job)
			}
		}
	}
	for i := range values {
		values[i].takers = takers[nameOf(values[i].Output, jobs[i])]
	}
	return values
}

// stepsOf returns the steps of all assets, under no job, and those of each job of
// ops, each sorted by key.
func stepsOf(g *assets.Graph) iter.Seq2[string, *assets.Step] {
	return func(yield func(string, *assets.Step) bool) {
		ofPlan := func(job string, plan *assets.Plan, err error) bool {
			if err != nil { // nothing to select, or a faulty job
				return true
			}
			steps := slices.SortedStableFunc(slices.Values(plan.Steps), func(a, b *assets.Step) int { return strings.Compare(a.Key, b.Key) })
			for _, step := range steps {
				if !yield(job, step) {
					return false
				}
			}
			return true
		}
		all, err := g.Plan("*")
		if !ofPlan("", all, err) {
			return
		}
		for _, job := range g.Jobs() {
			if len(job.Ops) == 0 {
				continue
			}
			planned, err := g.Job(job.Name)
			if !ofPlan(job.Name, planned.Plan, err) {
				return
			}
		}
	}
}

// defined says what is defined where.
func defined(kind assets.Kind, key string, step *assets.Step) string {
	return fmt.Sprintf("%s %s (%s)", kind, key, step.Position)
}
