package child

import (
	"slices"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/internal/graph"
	"github.com/fxrun/fxrun/internal/resource"
)

// childBuilder is the way in which a child's resources are built. There are two:
// without fx.Options of the caller the resources are built here, and Fx only
// gives them to the targets; with fx.Options, which nobody can look into, Fx
// builds them too.
type childBuilder interface {
	// forNested returns the keys of resources that have to be asked for, besides
	// what the targets ask for.
	forNested(p *preparation) []string
	// narrow finds out which of the resources that the targets lead to are
	// needed. It is called once the targets are known to be right.
	narrow(p *preparation) []error
	// build constructs and starts what is needed, and binds the targets.
	build(p *preparation, child *Child) error
}

// childBuilderFor is the only place that chooses.
func childBuilderFor(options []fx.Option) childBuilder {
	if len(options) == 0 {
		return ownBuilder{}
	}
	return fxBuilder{}
}

// ownBuilder builds a child without fx.Options of the caller.
type ownBuilder struct{}

// forNested returns nothing: all that lives longer is built anyway.
func (ownBuilder) forNested(*preparation) []string { return nil }

// narrow does nothing: all that the targets lead to is needed.
func (ownBuilder) narrow(*preparation) []error { return nil }

// build starts resources that don't depend on each other at the same time.
func (ownBuilder) build(p *preparation, child *Child) error {
	state := child.state
	state.startAll(p.nodes)
	state.starting.Wait()
	if state.ending() {
		return state.whyEnding()
	}
	var options []fx.Option
	for _, target := range p.targets {
		if !target.IsKey() {
			options = append(options, p.container.parts.direct(target))
		}
	}
	if len(options) == 0 {
		return nil // nobody takes a value
	}
	return runApp(child, options)
}

// fxBuilder builds a child with fx.Options of the caller.
type fxBuilder struct{}

// forNested returns the resources of the child that nested ones will borrow for
// the later targets. Fx builds only what something asks for.
func (fxBuilder) forNested(p *preparation) []string {
	var keys []string
	add := func(nodes []*graph.Node) {
		for _, n := range nodes {
			if n.Lifetime != resource.LifetimeStep && !slices.Contains(keys, n.Key) {
				keys = append(keys, n.Key)
			}
		}
	}
	for _, target := range p.config.Later {
		add(target.Needs())
	}
	for _, n := range graph.Closure(p.config.Later) {
		if n.Lifetime == resource.LifetimeStep {
			add(n.Needs)
		}
	}
	return keys
}

// narrow asks Fx, by a dry run that calls nothing, which of the resources are
// still needed with the options.
func (fxBuilder) narrow(p *preparation) []error { return p.applyOptions() }

// build starts one resource after the other, as Fx calls their constructors: a
// decorator among the options may touch any value.
func (fxBuilder) build(p *preparation, child *Child) error {
	err := runApp(child, p.fxOptions(func(o fx.Option, _ *graph.Node) fx.Option { return o }, child.state.options))
	if err != nil {
		child.state.abandonOptions()
	} else {
		child.state.flushOptions()
	}
	return err
}
