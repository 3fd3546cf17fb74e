// Package binding finds the IO managers of the values of an asset graph, and checks that they
// can store them, before a run exists. It also says what a plan needs of a child container.
package binding

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/internal/child"
	"github.com/fxrun/fxrun/internal/fault"
	"github.com/fxrun/fxrun/internal/nearest"
	"github.com/fxrun/fxrun/internal/signature"
	"github.com/fxrun/fxrun/iomanagers"
)

var ioManagerType = reflect.TypeFor[iomanagers.IOManager]()

// New finds the IO manager of every value of the graph, and checks, where a
// definition tells it, that this one can store the Go type of the value and give it
// in the forms that are asked for. It returns what gives the IO manager of a key, by
// key. The error is a *container.Faults.
func New(c *container.Container, g *assets.Graph) (map[string]*container.Target, error) {
	targets := make(map[string]*container.Target)
	checkers := make(map[string][]iomanagers.Checker) // what is known of each before it is built
	var faults []error
	for _, value := range valuesOf(g) {
		if _, seen := targets[value.IO]; seen {
			faults = append(faults, checkValue(checkers[value.IO], value)...)
			continue
		}
		if len(c.Providers(ioManagerType, value.IO)) == 0 && !c.HostProvides(ioManagerType, value.IO) {
			faults = append(faults, missingIO(c, value))
			continue
		}
		ask := []signature.Param{{Key: signature.Key{Type: ioManagerType, Name: value.IO}}}
		target, err := c.Target("the IO manager of "+value.of(), signature.Make(ask, nil, nil))
		if err != nil {
			faults = append(faults, err)
			continue
		}
		targets[value.IO] = target
		for _, fact := range (*child.Parent)(c).Graph().Static(value.IO) {
			if checker, ok := fact.(iomanagers.Checker); ok {
				checkers[value.IO] = append(checkers[value.IO], &remembering{checker: checker, known: make(map[question]error)})
			}
		}
		faults = append(faults, checkValue(checkers[value.IO], value)...)
	}
	if err := fault.Join("wiring values to their IO managers", faults); err != nil {
		return nil, err
	}
	return targets, nil
}

func missingIO(c *container.Container, value value) error {
	known := c.Providers(ioManagerType, "")
	for _, resource := range c.Resources() {
		switch {
		case slices.Contains(resource.Types, ioManagerType.String()):
			if !slices.Contains(known, resource.Key) {
				known = append(known, resource.Key)
			}
		case resource.Key == value.IO:
			return fmt.Errorf("%s is stored by resource %s, which is no IO manager: it gives %s, not iomanagers.IOManager", value.of(), value.IO, strings.Join(resource.Types, ", "))
		}
	}
	text := nearest.Suggestion(value.IO, known)
	if len(known) == 0 {
		text = ": define one, as by iomanagers.Files"
	}
	return fmt.Errorf("%s is stored by the IO manager %q, which does not exist%s", value.of(), value.IO, text)
}

// remembering asks a checker each question once: many values have one type.
type remembering struct {
	checker iomanagers.Checker
	known   map[question]error
}

type question struct {
	format string
	typ    reflect.Type
}

func (r *remembering) Check(format string, t reflect.Type) error {
	asked := question{format, t}
	answer, ok := r.known[asked]
	if !ok {
		answer = r.checker.Check(format, t)
		r.known[asked] = answer
	}
	return answer
}

// checkValue asks what is known of an IO manager before it is built.
func checkValue(checkers []iomanagers.Checker, value value) []error {
	var faults []error
	for _, checker := range checkers {
		if err := checker.Check(value.Format, value.Type); err != nil {
			faults = append(faults, fmt.Errorf("%s can't be stored by %s: %w", value.of(), value.IO, err))
			continue
		}
		for _, taker := range value.takers {
			if taker.as == value.Type || taker.as == reflect.TypeFor[[]byte]() {
				continue // the stored bytes are always there
			}
			if err := checker.Check(value.Format, taker.as); err != nil {
				faults = append(faults, fmt.Errorf("%s can't take %s as %s from %s: %w", taker.of(), value.Key, taker.as, value.IO, err))
			}
		}
	}
	return faults
}
