package container

import "github.com/fxrun/fxrun/internal/resource"

// Lifetime is how long one instance of a resource lives.
type Lifetime = resource.Lifetime

// The lifetimes, longest first.
const (
	// LifetimeProcess: from the first child that needs the resource until the
	// container is closed. All children share it.
	LifetimeProcess = resource.LifetimeProcess
	// LifetimeRun: as long as the child that was opened by [Container.NewChild]. It
	// is the default.
	LifetimeRun = resource.LifetimeRun
	// LifetimeStep: as long as the nested child that was opened by [Child.NewChild],
	// or as the child itself where there is none.
	LifetimeStep = resource.LifetimeStep
)

// PerProcess makes all children share one instance: it starts when a child
// first needs it, and stops when the container is closed. A launch can't
// configure it, what it is told about the run is the zero [RunInfo], and its
// context ends with the container.
func PerProcess() Option { return resource.PerProcess() }

// PerRun gives each child an instance of its own. It is the default.
func PerRun() Option { return resource.PerRun() }

// PerStep gives each nested child an instance of its own; see [Child.NewChild].
// In a child without nested ones it is as PerRun.
func PerStep() Option { return resource.PerStep() }

// Eager starts the resource whether or not anything asks for it: with every
// child of its lifetime, or, for one that lives per process, with
// [Container.Start] or the first child.
func Eager() Option { return resource.Eager() }
