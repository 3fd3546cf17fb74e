package fxapp

import (
	"reflect"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/internal/graph"
	"github.com/fxrun/fxrun/internal/signature"
	"github.com/fxrun/fxrun/internal/stackless"
)

// Content is the content of the Fx application of a child whose resources Fx
// builds.
type Content struct {
	Built    []*graph.Node   // resources that this child builds
	Borrowed []*graph.Node   // resources that live longer than the child
	Targets  []*graph.Target // targets that are bound
	// Offered asks for the same as the options of the caller. It is nil without
	// options.
	Offered *graph.Target
	// Asked has further asks, beside those of resources, of targets and of
	// Offered.
	Asked []graph.Ask
	// FromParent are the values that the fx.Options of the parent have touched.
	FromParent map[signature.Key]reflect.Value
	// Lends has the values that nested children will borrow.
	Lends Lends
	// Options are the options of the caller. They come last.
	Options []fx.Option
}

// Options returns the options of a child that Fx builds: those of the resources,
// those of the targets, and those of the caller, whose hooks go to lifecycle.
// constructor may change the option of a resource.
func (a *Parts) Options(c Content, lifecycle fx.Lifecycle, constructor func(fx.Option, *graph.Node) fx.Option) []fx.Option {
	options := append(a.constructors(c, constructor), a.invokes(c.Targets)...)
	if len(c.Lends.Params) > 0 {
		options = append(options, c.Lends.invoke())
	}
	options = append(options, stackless.Decorate(func() fx.Lifecycle { return lifecycle }))
	return append(options, c.Options...)
}

// invokes returns the options that bind the targets.
func (a *Parts) invokes(targets []*graph.Target) []fx.Option {
	options := make([]fx.Option, len(targets))
	for i, target := range targets {
		options[i] = withOwnValues(target.Name(), target.Needed(), a.bound(target))
	}
	return options
}

// constructors returns the options of the resources, and the options for the
// other keys that resources and targets ask for.
func (a *Parts) constructors(c Content, constructor func(fx.Option, *graph.Node) fx.Option) []fx.Option {
	options := make([]fx.Option, 0, len(c.Built)+len(c.Borrowed)+len(c.Targets)+len(c.Options)+8)
	for _, n := range c.Built {
		options = append(options, withOwnValues(n.Key, a.graph.AsksOf(n), constructor(a.wrap(n), n)))
		options = append(options, a.overrides(n)...)
	}
	for _, n := range c.Borrowed {
		options = append(options, constructor(a.borrow(n), n))
		options = append(options, a.overrides(n)...)
	}
	if c.Offered != nil {
		options = append(options, a.offers(c.Offered)...)
	}
	return append(options, a.answers(c.Asks(a.graph), c.FromParent)...)
}

// Asks returns all that the application is asked for, but for what the options of the
// caller give themselves.
func (c Content) Asks(g *graph.Graph) [][]graph.Ask {
	asks := make([][]graph.Ask, 0, len(c.Built)+len(c.Targets)+2)
	for _, n := range c.Built {
		asks = append(asks, g.AsksOf(n))
	}
	for _, target := range c.Targets {
		asks = append(asks, target.Needed())
	}
	if c.Offered != nil {
		asks = append(asks, c.Offered.Needed())
	}
	return append(asks, c.Asked)
}
