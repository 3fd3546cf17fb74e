package container

import (
	"context"
	"time"

	"github.com/fxrun/fxrun/internal/resource"
)

// Definition is a part of a container: a [Resource]. It is an fx.Option too,
// so that definitions compose with fx.Options and fx.Module. Definitions are
// plain data: nothing is built or read until a child is opened.
type Definition = resource.Definition

// Resource is a keyed constructor with its config and its lifetime: anything
// external that a data job touches. It is immutable.
type Resource = resource.Resource

// Option says more about a resource. See [Config], [As], [Describe],
// [PerProcess], [PerRun], [PerStep], [Eager], [StartTimeout], [StopTimeout],
// [StartRetry] and [Health].
type Option = resource.Option

// DefaultTimeout bounds a resource's start, and its stop, where [StartTimeout]
// and [StopTimeout] say nothing. It is Fx's own default, here for each
// resource by itself.
const DefaultTimeout = resource.DefaultTimeout

// Provide makes constructor the resource called key.
//
// The constructor is any function that fx.Provide takes: parameters by type,
// fx.In and fx.Out structs with name, group and optional tags, an error last.
// Besides other resources and values of the host application it may take
//
//   - fx.Lifecycle, to append hooks: its own, with the deadlines of the resource.
//     A hook that is appended by an OnStart is started after the others. After the
//     start a hook without OnStart is still taken, and a hook with OnStart is an
//     error of [Child.Close],
//   - its config struct, given by [Config],
//   - context.Context: it is cancelled with the child's own context, and ends
//     when the child has been torn down,
//   - *slog.Logger, which carries the resource's key,
//   - [RunInfo], which tells about the run.
//
// It is called at most once per child, after everything that it depends on has
// started, and only if something that runs needs it. Its results are provided
// by type, and under name:"key". Where two resources give one type, only the
// name tells them apart. A group's members are ordered by resource key.
//
// Whatever is wrong with the arguments is reported by [New], all at once.
func Provide(key string, constructor any, opts ...Option) Resource {
	return resource.Provide(key, constructor, opts)
}

// Supply makes a value that exists already the resource called key. It has
// value's dynamic type; use [As] for an interface. Nobody starts or stops it,
// and all children share it.
func Supply(key string, value any, opts ...Option) Resource {
	return resource.Supply(key, value, opts)
}

// As provides the resource's first result as the interface I too, so that
// consumers may ask for either. The result must implement I.
func As[I any]() Option { return resource.As[I]() }

// Describe says what the resource is, for the command line and the pages.
func Describe(text string) Option { return resource.Describe(text) }

// StartTimeout limits the time of the constructor of the resource, and then the
// time of all its start hooks together. It defaults to [DefaultTimeout] and must be
// positive. A constructor or a hook that goes on for one more second is given up.
// If it returns after all, what it has started is stopped then.
func StartTimeout(limit time.Duration) Option { return resource.StartTimeout(limit) }

// StopTimeout limits the time of all stop hooks of the resource together. It
// defaults to [DefaultTimeout] and must be positive. A hook that goes on for one
// more second is given up.
func StopTimeout(limit time.Duration) Option { return resource.StopTimeout(limit) }

// StartRetry makes up to n more attempts if the constructor of the resource or a
// start hook returns an error. What had started of the resource is stopped, and
// after a wait the constructor is called again. backoff returns the wait before
// each further attempt, counted from 1, and nil is no wait: see package backoff. A
// panic in backoff is an error of the start. A child whose context has ended, or
// that is being closed, makes no more attempts.
func StartRetry(n int, backoff func(attempt int) time.Duration) Option {
	return resource.StartRetry(n, backoff)
}

// Health gives the resource a check of whether it works, for [Child.Health]. T is
// the type of the first result of the constructor. The context of the check ends
// after the start timeout of the resource.
func Health[T any](check func(ctx context.Context, value T) error) Option {
	return resource.Health(check)
}
