package runs

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/fxrun/fxrun/internal/child"

	"github.com/fxrun/fxrun/internal/fault"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/internal/nearest"
	"github.com/fxrun/fxrun/internal/signature"
	"github.com/fxrun/fxrun/iomanagers"
)

var ioManagerType = reflect.TypeFor[iomanagers.IOManager]()

// IOBinding is the IO managers of a graph's values, found and checked. It is
// immutable and safe for concurrent use.
type IOBinding struct {
	graph   *assets.Graph
	targets map[string]*container.Target // what gives the IO manager of a key
}

// BindIO finds the IO manager of every value of the graph, and checks, where a
// definition tells it, that this one can store the value's Go type and give it
// in the forms that are asked for. [NewLauncher] does it where it is given no
// binding; whoever has to show the faults of a graph can so show them together
// with those of assets.NewGraph. The error is a *container.Faults.
func BindIO(c *container.Container, g *assets.Graph) (*IOBinding, error) {
	targets := make(map[string]*container.Target)
	checkers := make(map[string][]iomanagers.Checker) // what is known of each before it is built
	var faults []error
	for _, value := range g.Values() {
		if _, seen := targets[value.IO]; seen {
			faults = append(faults, checkValue(checkers[value.IO], value)...)
			continue
		}
		if len(c.Providers(ioManagerType, value.IO)) == 0 && !c.HostProvides(ioManagerType, value.IO) {
			faults = append(faults, missingIO(c, value))
			continue
		}
		ask := []signature.Param{{Key: signature.Key{Type: ioManagerType, Name: value.IO}}}
		target, err := c.Target("the IO manager of "+value.Of, signature.Make(ask, nil, nil))
		if err != nil {
			faults = append(faults, err)
			continue
		}
		targets[value.IO] = target
		for _, fact := range (*child.Parent)(c).Graph().Static(value.IO) {
			if checker, ok := fact.(iomanagers.Checker); ok {
				checkers[value.IO] = append(checkers[value.IO], checker)
			}
		}
		faults = append(faults, checkValue(checkers[value.IO], value)...)
	}
	if err := fault.Join("wiring values to their IO managers", faults); err != nil {
		return nil, err
	}
	return &IOBinding{graph: g, targets: targets}, nil
}

func missingIO(c *container.Container, value assets.Value) error {
	known := c.Providers(ioManagerType, "")
	for _, resource := range c.Resources() {
		switch {
		case slices.Contains(resource.Types, ioManagerType.String()):
			if !slices.Contains(known, resource.Key) {
				known = append(known, resource.Key)
			}
		case resource.Key == value.IO:
			return fmt.Errorf("%s is stored by resource %s, which is no IO manager: it gives %s, not iomanagers.IOManager", value.Of, value.IO, strings.Join(resource.Types, ", "))
		}
	}
	text := nearest.Suggestion(value.IO, known)
	if len(known) == 0 {
		text = ": define one, as by iomanagers.Files"
	}
	return fmt.Errorf("%s is stored by the IO manager %q, which does not exist%s", value.Of, value.IO, text)
}

// checkValue asks what is known of an IO manager before it is built.
func checkValue(checkers []iomanagers.Checker, value assets.Value) []error {
	var faults []error
	for _, checker := range checkers {
		if err := checker.Check(value.Format, value.Type); err != nil {
			faults = append(faults, fmt.Errorf("%s can't be stored by %s: %w", value.Of, value.IO, err))
			continue
		}
		for _, taker := range value.Takers {
			if taker.As == value.Type || taker.As == reflect.TypeFor[[]byte]() {
				continue // the stored bytes are always there
			}
			if err := checker.Check(value.Format, taker.As); err != nil {
				faults = append(faults, fmt.Errorf("%s can't take %s as %s from %s: %w", taker.Of, value.Key, taker.As, value.IO, err))
			}
		}
	}
	return faults
}

// checkStorage asks the IO managers that could not be asked before whether they
// can store what the steps will give them, before the first step has cost
// anything.
func (s *site) checkStorage() error {
	var faults []error
	for _, step := range s.launch.plan.Steps {
		for _, output := range step.Outputs {
			if output.Type == nil {
				continue
			}
			checker, ok := s.checker(output.IO)
			if !ok {
				continue
			}
			if err := checker.Check(output.Format, output.Type); err != nil {
				faults = append(faults, fmt.Errorf("%s can't be stored by %s: %w", output.Key, output.IO, err))
			}
		}
	}
	return fault.Join("checking what the run stores", faults)
}

// checker returns an IO manager that can be asked, if the run's child has it.
func (s *site) checker(key string) (iomanagers.Checker, bool) {
	var manager any = s.launcher.config.IO
	if manager == nil {
		target := s.launcher.storage[key]
		if target.LivesPerStep() {
			return nil, false
		}
		manager = argumentsOf(s.child, target)[0].Interface()
	}
	checker, ok := manager.(iomanagers.Checker)
	return checker, ok
}
