package prepare

import (
	"slices"
	"strings"

	"github.com/fxrun/fxrun/internal/fault"
	"github.com/fxrun/fxrun/internal/fxapp"
	"github.com/fxrun/fxrun/internal/fxoption"
	"github.com/fxrun/fxrun/internal/graph"
	"github.com/fxrun/fxrun/internal/resource"
	"github.com/fxrun/fxrun/internal/signature"
)

// readOptions reads the fx.Options of the caller, and finds the resources and
// other values that they ask for.
func (p *Preparation) readOptions() {
	if len(p.Settings.options) == 0 {
		return
	}
	p.Given = fxoption.Read(p.Settings.options)
	asks := p.Given.Asks()
	fromParent := func(ask signature.Param) bool { return p.fromParent()[ask.Key].IsValid() }
	for _, ask := range asks {
		if fromParent(ask) {
			p.parentAsks = append(p.parentAsks, ask)
		}
	}
	p.offered, p.unoffered = p.Graph.OptionTarget(slices.DeleteFunc(asks, fromParent))
}

// checkOptions reports options that would have another effect in a child than
// in an application of Fx.
func (p *Preparation) checkOptions() []error {
	if p.Given == nil {
		return nil
	}
	var faults []error
	for _, err := range p.Given.Faults {
		faults = append(faults, fault.Errorf("reading the fx options: %w", err))
	}
	for _, limit := range p.Given.Limits {
		faults = append(faults, fault.Errorf("%s limits an application, and a child container is none: container.StartTimeout and container.StopTimeout limit each resource", limit))
	}
	for _, embedding := range p.Given.Embedding {
		if definition, ok := embedding.(resource.Resource); ok {
			faults = append(faults, misplaced(definition))
		}
	}
	for _, function := range p.Given.Functions {
		faults = append(faults, p.checkFunction(function)...)
	}
	return append(faults, p.optionCycles()...)
}

// misplaced returns the error for a definition that was given to a child.
func misplaced(definition resource.Resource) error {
	return fault.Errorf("resource %s is a definition: give it to container.New; to stand in for a resource in one child, use fx.Replace", definition.Key())
}

func (p *Preparation) checkFunction(function fxoption.Function) []error {
	var faults []error
	if function.Kind == fxoption.Decorate && len(function.Results) == 0 {
		faults = append(faults, fault.Errorf("%s: it returns no value, so Fx would never call it: return the value that it decorates", function))
	}
	for _, param := range function.Params {
		switch {
		case param.Group == "" && signature.IsError(param.Type):
			faults = append(faults, fault.Errorf("%s: it asks for %s, which implements error: Fx gives no errors as values, so take it by a resource or a target", function, param.Key))
		case param.Soft && p.Graph.HasMembers(param.Key):
			faults = append(faults, fault.Errorf("%s: it asks for %s as a soft group, and resources give members of it: leave soft out", function, param.Key))
		case param.Key == fxapp.ShutdownerKey && p.isAbsent(param.Key) && !p.Given.Decorated()[param.Key]:
			faults = append(faults, fault.Errorf("%s: it asks for fx.Shutdowner, which no host application gives to this child: cancel the context of the child", function))
		}
	}
	for _, result := range function.Results {
		if err := p.checkResult(function, result.Key); err != nil {
			faults = append(faults, err)
		}
	}
	return faults
}

// isAbsent reports whether nothing beside Fx answers what the options ask for.
func (p *Preparation) isAbsent(key signature.Key) bool {
	return p.unoffered[key] != nil || slices.ContainsFunc(p.offered.Needed(), func(ask graph.Ask) bool {
		return ask.Key == key && ask.From.Node == nil && !ask.Value.IsValid()
	})
}

// checkResult reports values that would not reach the functions that should get
// them.
func (p *Preparation) checkResult(function fxoption.Function, key signature.Key) error {
	gives := function.Kind.Provides()
	switch {
	case key.Group == "" && signature.IsError(key.Type):
		return fault.Errorf("%s: it returns %s, which implements error: Fx takes it for the error of the function, so return it as a field of a struct, or return error", function, key)
	case gives && key == fxapp.EventLoggerKey:
		return fault.Errorf("%s gives %s, which Fx makes itself: use fx.WithLogger", function, key)
	case function.InModule && !gives: // such values are for the functions of the module
	case key.Group == resource.Group: // a definition is reported by its key
	case gives && strings.HasPrefix(key.Group, "fxrun."):
		return fault.Errorf("one of the fx options is a definition (in the group %s): give it to the host application, beside fxrun.Module", key.Group)
	case key.Group != "" && p.takesGroup(key):
		return fault.Errorf("%s gives %s, of which the resources and targets here get only what resources give: make it a resource", function, key)
	case !gives && resource.IsBuiltinKey(key) && !p.Given.Provided()[key]:
		return fault.Errorf("%s gives %s, which resources get from the child itself%s", function, key, insteadOf(key))
	}
	return nil
}

// insteadOf names the option that gives a child another value of this kind.
func insteadOf(key signature.Key) string {
	switch key.Type {
	case resource.LoggerType:
		return ": use container.Logger"
	case resource.RunInfoType:
		return ": use container.Info"
	case resource.ContextType:
		return ": give NewChild another context"
	}
	return ": its hooks are known by resource"
}

// takesGroup reports whether a resource or a target that the child may need asks
// for the group.
func (p *Preparation) takesGroup(group signature.Key) bool {
	takes := func(in graph.Input) bool {
		key, ok := in.Group()
		return ok && key == group
	}
	for _, target := range slices.Concat(p.Targets, p.Settings.Later) {
		if slices.ContainsFunc(target.Inputs(), takes) {
			return true
		}
	}
	for _, n := range slices.Concat(p.Nodes, p.later) {
		if slices.ContainsFunc(n.Inputs, takes) {
			return true
		}
	}
	return false
}
