package container

import (
	"context"
	"reflect"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/internal/child"
)

// Container is a checked graph of resources. Each child that it opens builds
// its own instances. Only resources that live per process belong to the
// container, and a container that has any must be closed. It is safe for
// concurrent use.
type Container child.Parent

// New builds the graph of all resources from the signatures of their
// constructors and checks it. No constructor is called and no environment is
// read. The order of definitions does not matter; nil ones are left out.
//
// The error is a *[Faults] with everything that is wrong, all at once: keys
// given twice, missing and ambiguous types, cycles with their whole path,
// unreadable signatures and configs.
func New(definitions ...Definition) (*Container, error) {
	parent, err := child.NewParent(definitions)
	return (*Container)(parent), err
}

// parent is the container as the packages of fxrun know it.
func (c *Container) parent() *child.Parent { return (*child.Parent)(c) }

// NewChild opens a child and starts it. A child holds only what its targets need (see
// [Needs], [NeedsResources] and [Populate]), values of the host application, and the
// plain fx.Options among opts. With such options it is a new Fx application. Without
// them it behaves as one.
//
// A constructor is called only after everything that it depends on has started.
// Constructors are called one at a time. The start hooks of resources that don't
// depend on each other run at the same time. If plain fx.Options are given, the
// resources that they cannot replace or decorate start first, in this way. The others
// start one after the other, because a decorator may use any value. After the first
// error nothing more is begun.
//
// Plain fx.Options keep the meaning that they have in Fx, or are refused before
// anything starts:
//
//   - The constructor of a resource that fx.Replace replaces is not called, and its
//     config is not needed.
//   - The functions of options may ask for all that the child has. They are called
//     once, in the order of the options. Nested children get the values that came of
//     it. Only decorators of what lives per step are called again.
//   - Resources and targets don't get what options provide, and options must not
//     give members of groups that resources or targets ask for.
//   - fx.StartTimeout, fx.StopTimeout, and decorators of fx.Lifecycle, the logger,
//     the context or the [RunInfo] are refused.
//
// The page "Adding fxrun to an Fx application" has a table of all options.
//
// Everything that is wrong with the launch, such as unknown resources and fields,
// wrong types and missing values, is found before anything starts, and reported at
// once as a *[Faults]. If a start fails, everything that had started is stopped
// before NewChild returns. The error then joins all errors, each as a
// *[ResourceError].
//
// Resources that live per process start with the first child that needs them, and
// all children share them: see [PerProcess]. A hook or a constructor of such a
// resource may open a child. If the child needs the resource itself, NewChild
// returns an error at once.
//
// NewChild is [Container.Prepare] and [Prepared.Open] in one.
//
// When ctx ends during NewChild, no further start begins, and NewChild returns an
// error. The context that constructors get ends with ctx, or when the child has
// been closed.
func (c *Container) NewChild(ctx context.Context, opts ...fx.Option) (*Child, error) {
	opened, err := c.parent().NewChild(ctx, opts)
	return (*Child)(opened), err
}

// Prepare does all that [Container.NewChild] does before it builds anything. It
// reads the environment and the launch config, checks them, and keeps the values
// for [Prepared.Open]. Nothing starts.
//
// The error is the one that NewChild would return. The Prepared is not nil even
// then: it can't be opened, but [Prepared.Preview] shows what is known.
func (c *Container) Prepare(opts ...fx.Option) (*Prepared, error) {
	prepared, err := c.parent().Prepare(opts)
	return (*Prepared)(prepared), err
}

// Invoke opens a child, calls fn once everything has started, and closes the child
// in any case: after a success, an error, a panic or a cancellation. It returns the
// error of fn, joined with the errors of closing.
//
// The parameters of fn are as for [Container.Target]. Its context is the one of the
// child.
func (c *Container) Invoke(ctx context.Context, fn any, opts ...fx.Option) error {
	return c.parent().Invoke(ctx, fn, opts)
}

// Start starts the resources that are [Eager] and live per process. Without it
// they start with the first child. It starts nothing else.
//
// When ctx ends, Start returns an error, but the starts that are running go on,
// as they do for a child. After an error the container must be closed like any
// other: Close waits for these starts and stops what they have started.
func (c *Container) Start(ctx context.Context, opts ...ChildOption) error {
	return c.parent().Start(ctx, opts)
}

// Close closes the children that are still open, with the outcome [ErrClosed].
// Then it stops the resources that live per process, in the reverse of the order
// in which they started. It returns all errors.
//
// Nothing more is begun after the call of Close, but starts that are running are
// waited for. From then on Start, NewChild, Invoke and [Prepared.Open] return an
// error that matches [ErrClosed]. The first call does the work. Other calls wait
// for it and return the same error.
//
// If a hook, a constructor or an observer calls Close, and Close would have to
// wait for that function, Close returns an error at once, and the container is
// closed after the function has returned.
func (c *Container) Close() error { return c.parent().Close() }

// Providers returns the sorted keys of the resources that give the type t. If name
// is not empty, only a resource that gives the type under this name counts.
func (c *Container) Providers(t reflect.Type, name string) []string {
	return c.parent().Graph().Providers(t, name)
}

// HostProvides reports whether the host application has a value of the type t. If
// name is not empty, the value must have this name.
func (c *Container) HostProvides(t reflect.Type, name string) bool {
	return c.parent().Graph().HostProvides(t, name)
}

// Has reports whether there is a resource with the key.
func (c *Container) Has(key string) bool { return c.parent().Graph().Has(key) }

// Resources describes every resource, sorted by key. It reads the environment, to
// tell where the value of each config field would come from now. Secrets are
// masked.
func (c *Container) Resources() []Description { return c.parent().Graph().Resources() }

// Explain says why a child that is opened with opts would need the resource called
// key, or why it would not. Like [Container.Prepare] it starts nothing, reads the
// environment for the config, and returns the error that [Container.NewChild]
// would. With an error, the explanation says what is known.
//
// For an unknown key the explanation is empty. The error then names the most
// similar key, and matches [ErrInvalid].
func (c *Container) Explain(key string, opts ...fx.Option) (Explanation, error) {
	return c.parent().Explain(key, opts)
}
