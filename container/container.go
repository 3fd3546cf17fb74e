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

// NewChild opens a child: a fresh Fx app that holds only what its targets need
// (see [Needs], [NeedsResources], [Populate]), values of the host application,
// and the plain fx.Options among opts, and starts it.
//
// A constructor is called only after everything that it depends on has
// started. Constructors are called one at a time; the start hooks of resources
// that don't depend on each other run at the same time, unless plain fx.Options
// are given, whose decorators may touch any value. After something went wrong
// nothing more is begun.
//
// Plain fx.Options keep the meaning that they have in Fx, or are refused before
// anything starts. With fx.Replace among them, the constructor that it stands in
// for is not called and its config is not asked for. Their functions may ask for
// all that the child has, and are called once, in the order of the options;
// nested children borrow what came of it, and call again only decorators of what
// lives per step. Resources and targets don't see what options provide, and
// options may not give members of groups that these ask for. fx.StartTimeout,
// fx.StopTimeout and decorators of fx.Lifecycle, the logger, the context or the
// [RunInfo] are refused. The page "Adding fxrun to an Fx application" has a table of
// all options.
//
// Everything wrong with the launch (unknown resources and fields, wrong types,
// missing values) is found before anything starts, and reported at once as a
// *[Faults]. If starting goes wrong, everything that had started is stopped
// before NewChild returns, and the error joins all that happened, each as a
// *[ResourceError].
//
// Resources that live per process start with the first child that needs them,
// and are shared; see [PerProcess]. A hook or a constructor of such a resource
// may open a child. If the child needs the resource itself, NewChild returns an
// error at once.
//
// NewChild is [Container.Prepare] and [Prepared.Open] in one.
//
// When ctx ends during NewChild, starting ends early. The context that
// constructors get ends with ctx, or when the child has been closed.
func (c *Container) NewChild(ctx context.Context, opts ...fx.Option) (*Child, error) {
	opened, err := c.parent().NewChild(ctx, opts)
	return (*Child)(opened), err
}

// Prepare does all that [Container.NewChild] does before it builds anything. It
// reads the environment and the launch config, checks them, and keeps the
// values for [Prepared.Open]. Nothing starts.
//
// The error is the one that NewChild would return. Prepared is not nil then
// either: it can't be opened, but [Prepared.Preview] shows what is known.
func (c *Container) Prepare(opts ...fx.Option) (*Prepared, error) {
	prepared, err := c.parent().Prepare(opts)
	return (*Prepared)(prepared), err
}

// Invoke opens a child, calls fn with what it asks for once everything has
// started, and closes the child, whatever fn comes to: error, panic or
// cancellation. It returns fn's error joined with those of closing.
//
// fn's parameters are as for [Container.Target]; its context is the child's.
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

// Providers returns the keys of the resources that give type t, under name
// where that is not empty, sorted.
func (c *Container) Providers(t reflect.Type, name string) []string {
	return c.parent().Graph().Providers(t, name)
}

// HostProvides reports whether the host application has a value of type t,
// under name where that is not empty.
func (c *Container) HostProvides(t reflect.Type, name string) bool {
	return c.parent().Graph().HostProvides(t, name)
}

// Has reports whether there is a resource with the key.
func (c *Container) Has(key string) bool { return c.parent().Graph().Has(key) }

// Resources describes every resource, by key. It reads the environment, to
// tell where each config field's value would come from now. Secrets are masked.
func (c *Container) Resources() []Description { return c.parent().Graph().Resources() }

// Explain says why a child opened with opts would need the resource called key,
// or why it would not. Like [Container.Prepare] it starts nothing, reads the
// environment for config, and returns the error that [Container.NewChild] would;
// the explanation comes with that error too, as far as it goes.
//
// For an unknown key the explanation is empty; the error names the nearest one
// and matches [ErrInvalid].
func (c *Container) Explain(key string, opts ...fx.Option) (Explanation, error) {
	return c.parent().Explain(key, opts)
}
