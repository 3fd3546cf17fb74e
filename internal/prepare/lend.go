package prepare

import (
	"maps"
	"slices"
	"strings"

	"github.com/fxrun/fxrun/internal/fault"
	"github.com/fxrun/fxrun/internal/fxoption"
	"github.com/fxrun/fxrun/internal/graph"
	"github.com/fxrun/fxrun/internal/resource"
	"github.com/fxrun/fxrun/internal/signature"
)

// lend finds out what the options mean for nested children.
func (p *Preparation) lend() []error {
	if p.outer != nil || p.Given == nil {
		return nil
	}
	asks, touches := p.laterAsks(), p.touching()
	perStep := make(map[signature.Key]bool) // keys of what lives per step
	for _, ask := range asks {
		if livesPerStep(ask) {
			perStep[ask.Key], perStep[p.Graph.Canonical(ask.From)] = true, true
		}
	}
	p.lending = &lending{
		replaced: make(map[string]bool), touched: make(map[signature.Key]bool), decorated: p.Given.Decorated(), needed: p.constructed,
	}
	wanted := make(map[signature.Key]signature.Param)
	faults := p.lendPerStep(perStep, wanted)
	for _, ask := range asks {
		switch {
		case livesPerStep(ask):
			continue
		case ask.Own: // which each nested child is given anew
			if touches(ask) {
				faults = append(faults, fault.Errorf("the fx options give %s, which nested children take from modules of the host application: replace it there", ask.Key))
			}
			continue
		}
		p.lending.asks = append(p.lending.asks, ask)
		if known, ok := wanted[ask.Key]; !ok || known.Optional {
			wanted[ask.Key] = signature.Param{Key: ask.Key, Optional: ask.Optional}
		}
		if touches(ask) {
			p.lending.touched[ask.Key] = true
		}
	}
	p.lending.params = slices.Collect(maps.Values(wanted))
	slices.SortFunc(p.lending.params, func(a, b signature.Param) int { return strings.Compare(a.String(), b.String()) })
	return faults
}

// laterAsks returns what nested children will ask for.
func (p *Preparation) laterAsks() []graph.Ask {
	var asks []graph.Ask
	for _, target := range p.Settings.Later {
		asks = append(asks, target.Needed()...)
	}
	for _, n := range graph.Closure(p.Settings.Later) {
		if n.Lifetime == resource.LifetimeStep && p.isNeeded(n) {
			asks = append(asks, p.Graph.AsksOf(n)...)
		}
	}
	return asks
}

func livesPerStep(ask graph.Ask) bool {
	return ask.From.Node != nil && ask.From.Node.Lifetime == resource.LifetimeStep
}

// touching returns a function that reports whether the options may have put another
// value in the place of what answers an ask.
func (p *Preparation) touching() func(graph.Ask) bool {
	decorated, provided := p.Given.Decorated(), p.Given.Provided()
	return func(ask graph.Ask) bool {
		return decorated[ask.Key] || ask.Optional && provided[ask.Key] ||
			ask.From.Node != nil && decorated[p.Graph.Canonical(ask.From)]
	}
}

// lendPerStep finds the decorators of what lives per step, and what they ask for.
func (p *Preparation) lendPerStep(perStep map[signature.Key]bool, wanted map[signature.Key]signature.Param) []error {
	provided := p.Given.Provided()
	offered := make(map[signature.Key]graph.Ask)
	for _, ask := range p.offered.Needed() {
		offered[ask.Key] = ask
	}
	var faults []error
	for _, function := range p.Given.Functions {
		if !function.Kind.Decorates() || function.InModule || !gives(function, perStep) {
			continue
		}
		for _, result := range function.Results {
			if !perStep[result.Key] {
				faults = append(faults, fault.Errorf("%s gives values that live per step, and %s, which does not: use two decorators", function, result.Key))
			}
		}
		p.lending.perStep = append(p.lending.perStep, function.Option)
		if function.Kind == fxoption.Replace {
			p.lending.replaced[function.Value.String()] = true
		}
		for _, param := range function.Params {
			switch {
			case param.Group != "" && provided[param.Key]:
				faults = append(faults, fault.Errorf("%s: it decorates what lives per step, and asks for %s, of which the options give members: nested children have only those of resources", function, param.Key))
			case provided[param.Key] || p.lending.decorated[param.Key] && !perStep[param.Key]:
				wanted[param.Key] = signature.Param{Key: param.Key, Optional: param.Optional}
				p.lending.touched[param.Key] = true
			case offered[param.Key].From.Node != nil && !livesPerStep(offered[param.Key]): // the child starts it for its nested children
				wanted[param.Key] = signature.Param{Key: param.Key}
			}
		}
	}
	if len(p.lending.perStep) > 0 {
		p.lending.perStep = append(p.lending.perStep, p.Given.Everywhere...)
	}
	return faults
}

func gives(function fxoption.Function, keys map[signature.Key]bool) bool {
	return slices.ContainsFunc(function.Results, func(result signature.Result) bool { return keys[result.Key] })
}
