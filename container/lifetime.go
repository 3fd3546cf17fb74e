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

// PerProcess makes all children share one instance. It starts when a child first
// needs it, and stops when the container is closed. A launch cannot configure it.
// Its constructor gets the zero [RunInfo], and a context that ends with the
// container.
//
// Only the children that need the resource wait for its start. Children that wait
// at the same time share its error, and the next child tries again. A child whose
// context ends stops waiting, but the start goes on for others. Constructors of
// resources that live per process and do not depend on each other may be called
// at the same time.
func PerProcess() Option { return resource.PerProcess() }

// PerRun gives each child an instance of its own. It is the default.
func PerRun() Option { return resource.PerRun() }

// PerStep gives each nested child an instance of its own, see [Child.NewChild].
// In a child without nested children it means the same as PerRun.
func PerStep() Option { return resource.PerStep() }

// Eager starts the resource even if nothing asks for it. A resource that lives
// per run or per step starts with every child of that lifetime. One that lives
// per process starts with [Container.Start], or else with the first child.
func Eager() Option { return resource.Eager() }
