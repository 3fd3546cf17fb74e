package graph

import (
	"slices"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/internal/fault"
	"github.com/fxrun/fxrun/internal/fxoption"
	"github.com/fxrun/fxrun/internal/signature"
)

// CheckOptions reports what the options of the host application mean for definitions,
// and what reaches nobody: the graph of Fx does not show it. The error is a
// *fault.Faults.
func (g *Graph) CheckOptions(options []fx.Option) error {
	read := fxoption.Read(options)
	var faults []error
	for _, zero := range read.Zeros() {
		faults = append(faults, g.checkZero(zero))
	}
	provided := read.Provided()
	for _, function := range read.Functions {
		if function.InModule || !function.Kind.Decorates() {
			continue
		}
		for _, result := range function.Results {
			if result.Group != "" || !provided[result.Key] {
				faults = append(faults, g.checkDecorator(function, result.Key))
			}
		}
	}
	return fault.Join("reading the options of the application", faults)
}

// checkDecorator reports a decorator of what only resources give. A graph of Fx shows no
// decorator that returns an empty group, and one that asks optionally for what it
// decorates looks like an fx.Replace.
func (g *Graph) checkDecorator(function fxoption.Function, key signature.Key) error {
	givers := g.providers[key]
	asksOptionally := slices.ContainsFunc(function.Params, func(param signature.Param) bool { return param.Key == key && param.Optional })
	switch {
	case len(givers) == 0:
		return nil
	case key.Group != "":
		return fault.Errorf("%s changes %s, of which %s are members, which it does not get: give all members by the host application, or change the group where it is taken", function, key, keysOf(givers))
	case asksOptionally:
		return fault.Errorf("%s asks for %s, which %s gives, and which a decorator of the application does not get: decorate it in a launch", function, key, keysOf(givers))
	}
	return nil
}
