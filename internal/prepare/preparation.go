package prepare

import (
	"reflect"
	"slices"

	"github.com/fxrun/fxrun/internal/config"
	"github.com/fxrun/fxrun/internal/fxapp"
	"github.com/fxrun/fxrun/internal/fxoption"
	"github.com/fxrun/fxrun/internal/graph"
	"github.com/fxrun/fxrun/internal/resource"
	"github.com/fxrun/fxrun/internal/signature"
)

// Preparation is a child before anything of it is built: which resources, in
// which order, with which config.
type Preparation struct {
	Graph     *graph.Graph
	Settings  Settings
	Targets   []*graph.Target
	Populate  []*graph.Target                   // of Targets, those that are called once everything has started
	Given     *fxoption.Options                 // the caller's fx.Options, read; nil without any
	Nodes     []*graph.Node                     // that the child may have to build
	Untouched []*graph.Node                     // of Nodes, those that are built before the Fx application; nil without fx.Options
	Resolved  map[*graph.Node]config.Resolved   // configs of what is needed, of what nested children will build, and of what lives per process
	Steps     map[*graph.Target]config.Resolved // configs of the child's own steps, those of later ones included

	parts         *fxapp.Parts
	outer         *Outer                  // of a nested child
	lending       *lending                // a nested child's is its parent's; nil without fx.Options
	hasOwnOptions bool                    // besides those that a nested child has from its parent
	constructed   map[string]bool         // module names of resources that are needed with the options; nil where they are not known
	parentAsks    []signature.Param       // what options of a nested child ask for, and its parent lends
	offered       *graph.Target           // what they ask for; nil without any
	unoffered     map[signature.Key]error // what they ask for, and no resource gives
	lifetime      resource.Lifetime       // of the child: it has its own of this and of shorter ones
	longer        []*graph.Node           // that it may need, and that live longer
	needed        []*graph.Node           // of Nodes, those that it will build: fewer, where an option stands in
	later         []*graph.Node           // that live per step, and that nested children will build
	borrowed      []*graph.Node           // of longer, those that it needs, with all that they need

	launches     map[*graph.Node]config.LaunchValues // the launch config, read
	stepLaunches map[*graph.Target]config.LaunchValues
	running      map[*graph.Node]config.Resolved // configs of what lives per process and ran already
}

// Outer is what a nested child finds in the child that it is opened in.
type Outer struct {
	Preparation *Preparation
	// Lends are the values that the fx.Options of the outer child have touched.
	Lends map[signature.Key]reflect.Value
	// Started reports whether a resource was started by the outer child.
	Started func(n *graph.Node) bool
}

// fromParent are the values that a nested child gets from the fx.Options of its
// parent.
func (p *Preparation) fromParent() map[signature.Key]reflect.Value {
	if p.outer == nil {
		return nil
	}
	return p.outer.Lends
}

// starting returns all resources that the child needs: those that it starts, and those
// that live longer.
func (p *Preparation) starting() []*graph.Node { return append(slices.Clone(p.borrowed), p.needed...) }

// PerProcess returns the resources that live per process among those that the
// child needs.
func (p *Preparation) PerProcess() []*graph.Node {
	return slices.DeleteFunc(slices.Clone(p.borrowed), func(n *graph.Node) bool { return n.Lifetime != resource.LifetimeProcess })
}

// laterPerStep returns the resources that only nested children start, for the
// later targets.
func (p *Preparation) laterPerStep() []*graph.Node {
	return slices.DeleteFunc(graph.Closure(p.Settings.Later), func(n *graph.Node) bool {
		return n.Lifetime != resource.LifetimeStep || slices.Contains(p.Nodes, n)
	})
}

// isNeeded reports whether a resource is needed with the options, as far as that is
// known.
func (p *Preparation) isNeeded(n *graph.Node) bool {
	return p.constructed == nil || p.constructed[moduleName(n)]
}

// moduleName names the module that a resource stands in, in a dry run.
func moduleName(n *graph.Node) string { return "resource " + n.Key }
