package child

import (
	"go.uber.org/fx"
	"go.uber.org/fx/fxevent"

	"github.com/fxrun/fxrun/internal/graph"
)

// childBuilder is the way in which a child's resources are built. There are two:
// without fx.Options of the caller the resources are built here, and Fx only
// gives them to the targets; with fx.Options, which nobody can look into, Fx
// builds them too.
type childBuilder interface {
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

// narrow asks Fx, by a dry run that calls nothing, which of the resources are
// still needed with the options.
func (fxBuilder) narrow(p *preparation) []error { return p.applyOptions() }

// build starts one resource after the other, as Fx calls their constructors: a
// decorator among the options may touch any value.
func (fxBuilder) build(p *preparation, child *Child) error {
	defer child.state.members.Join()() // the caller's options are called by this goroutine
	options := p.fxOptions(func(o fx.Option, _ *graph.Node) fx.Option { return o }, child.state.options)
	if p.given.MakesLogger() {
		options = append(options, fx.Invoke(func(made fxevent.Logger) { child.state.events = made }))
	}
	err := runApp(child, options)
	if err != nil {
		child.state.abandonOptions()
	} else {
		child.state.flushOptions()
		child.state.options.endStart()
	}
	return err
}
