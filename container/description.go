package container

import (
	"github.com/fxrun/fxrun/internal/graph"
	"github.com/fxrun/fxrun/internal/prepare"
)

// Description tells about one resource: its Key, its Description, the Go Types
// that it is provided as, its Constructor (as in "flights.NewWarehouse"), the
// Position of its definition (file:line), its Lifetime, whether it is Eager, the
// keys of the resources that it Needs and of those that it is UsedBy, its Config
// with the values that a launch would give, and whether the host application has
// a value in its place (Replaced). NeedsReplaced are the keys of the resources
// that it would need if the host application had no values in their place.
type Description = graph.Description

// StepDescription is the Key of one step and its Config, with the values that the
// launch would give.
type StepDescription = graph.StepDescription

// Preview is what a child would be if it were opened. Its field Resources holds
// the resources that would start, in an order in which they may, with the config
// that they would get. Last are those that live per step and that nested children
// would start, for targets of [NeedsLater]. Its field Steps holds the config of
// the steps among the targets of [Needs] and [NeedsLater], by key.
type Preview = prepare.Preview

// Explanation is why a child would need a resource, and with which config. It has
// these fields:
//
//   - Resource describes the resource, with the config that it would get in that
//     child. Each field says where its value comes from. Secrets are masked.
//   - Needed says that the child would start it, or, for a resource that lives per
//     step and a target of [NeedsLater], that nested children would.
//   - Reasons say why the child needs the resource: one for each target that leads
//     to it, the most direct first, then by the name of the target. They are never
//     nil.
//   - Unneeded says why the child does not need the resource. It is "" where the
//     resource is needed.
//
// String returns it in lines for people.
type Explanation = graph.Explanation

// Reason is one target that leads to a resource. It has these fields:
//
//   - Target is the name of the target, as in "asset report". It is "resource
//     warehouse" for a resource that [NeedsResources] names or that is [Eager], and
//     [TargetOptions] where the fx.Options of the child ask for the resource and no
//     target does.
//   - Path holds the keys of the resources from what the target asks for itself
//     down to the one that is explained. It is the shortest way, and of several the
//     first by keys.
//   - Others is how many other ways lead from the target to the resource.
//
// String returns it as "asset report -> warehouse -> database".
type Reason = graph.Reason

// TargetOptions is the target of a [Reason] that lies in the fx.Options given to
// the child. Fx tells that they need the resource, and not what in them does.
const TargetOptions = graph.TargetOptions

// Unneeded says why a child would not start a resource.
type Unneeded = graph.Unneeded

// The reasons why a resource is not needed.
const (
	// UnneededUnreached says that no target leads to it.
	UnneededUnreached = graph.UnneededUnreached
	// UnneededForHost says that the host application has a value in its place.
	UnneededForHost = graph.UnneededForHost
	// UnneededForOptions says that targets lead to the resource, but an fx.Replace among
	// the options of the child stands in for it, or for all that lies between.
	UnneededForOptions = graph.UnneededForOptions
)
