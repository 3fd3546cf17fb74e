package container

import (
	"errors"
	"fmt"
	"path"
	"reflect"
	"runtime"
	"slices"
	"time"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/internal/config"
	"github.com/fxrun/fxrun/internal/fault"
	"github.com/fxrun/fxrun/internal/host"
	"github.com/fxrun/fxrun/internal/signature"
)

// Group is the Fx value group in which a host application gathers what
// [Provide] and [Supply] return. Package fxrun reads it.
const Group = "fxrun.container"

// Definition is a part of a container: a [Resource]. It is an fx.Option too,
// so that definitions compose with fx.Options and fx.Module. Definitions are
// plain data: nothing is built or read until a child is opened.
type Definition interface {
	fx.Option
	define(*builder)
}

// Resource is a keyed constructor with its config and its lifetime: anything
// external that a data job touches. It is immutable.
type Resource struct {
	fx.Option
	definition *resourceDefinition
}

// Key returns the resource's key.
func (r Resource) Key() string { return r.definition.key }

func (r Resource) define(b *builder) { b.resources = append(b.resources, r.definition) }

// Option says more about a resource. See [Config], [As], [Describe],
// [PerProcess], [PerRun], [PerStep], [Eager], [StartTimeout], [StopTimeout],
// [StartRetry], [Health] and [Static].
type Option interface{ apply(*resourceDefinition) }

type optionFunc func(*resourceDefinition)

func (f optionFunc) apply(d *resourceDefinition) { f(d) }

// resourceDefinition is what Provide or Supply was told.
type resourceDefinition struct {
	key          string
	position     string // file:line of the Provide call
	function     signature.Func
	config       *config.Definition
	as           []reflect.Type
	description  string
	startTimeout time.Duration
	stopTimeout  time.Duration
	lifetime     Lifetime
	hasLifetime  bool
	eager        bool
	retries      int
	backoff      func(attempt int) time.Duration
	health       *healthCheck
	static       []any
	supplied     bool // its function is made by Supply
	faults       []error
}

// DefaultTimeout bounds a resource's start, and its stop, where [StartTimeout]
// and [StopTimeout] say nothing. It is Fx's own default, here for each
// resource by itself.
const DefaultTimeout = fx.DefaultTimeout

// Provide makes constructor the resource called key.
//
// The constructor is any function that fx.Provide takes: parameters by type,
// fx.In and fx.Out structs with name, group and optional tags, an error last.
// Besides other resources and values of the host application it may take
//
//   - fx.Lifecycle, to append hooks: its own, with the resource's own deadlines,
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
	definition := newDefinition(key, opts)
	function, err := signature.Of(constructor)
	switch {
	case errors.Is(err, signature.ErrAnnotated):
		definition.fault("it is wrapped by fx.Annotate, which hides what the constructor takes: give the plain constructor, with container.As in place of fx.As, fx.In and fx.Out structs in place of ParamTags and ResultTags, and hooks by fx.Lifecycle")
	case errors.Is(err, signature.ErrNotFunc):
		definition.fault("its constructor is %w", err)
	case err != nil:
		definition.fault("%w", err)
	case len(function.Results) == 0:
		definition.fault("its constructor %s returns no value", function.Name)
	}
	definition.function = function
	return definition.resource()
}

// Supply makes a value that exists already the resource called key. It has
// value's dynamic type; use [As] for an interface. Nobody starts or stops it,
// and all children share it.
func Supply(key string, value any, opts ...Option) Resource {
	definition := newDefinition(key, opts)
	given := reflect.ValueOf(value)
	if !given.IsValid() {
		definition.fault("nil was supplied")
		return definition.resource()
	}
	supply := reflect.MakeFunc(reflect.FuncOf(nil, []reflect.Type{given.Type()}, false),
		func([]reflect.Value) []reflect.Value { return []reflect.Value{given} })
	function, err := signature.Of(supply.Interface())
	if err != nil {
		definition.fault("%w", err)
	}
	definition.supplied = true
	function.Name = fmt.Sprintf("a supplied %T", value)
	if !definition.hasLifetime {
		definition.lifetime = LifetimeProcess // it was there before any child
	}
	definition.function = function
	return definition.resource()
}

func newDefinition(key string, opts []Option) *resourceDefinition {
	definition := &resourceDefinition{key: key, startTimeout: DefaultTimeout, stopTimeout: DefaultTimeout}
	if _, file, line, ok := runtime.Caller(2); ok {
		definition.position = fmt.Sprintf("%s:%d", path.Base(file), line)
	}
	for _, opt := range opts {
		if opt == nil {
			definition.fault("one of its options is nil")
			continue
		}
		opt.apply(definition)
	}
	if err := checkKey(key); err != nil {
		definition.fault("%w", err)
	}
	return definition
}

func (d *resourceDefinition) fault(format string, args ...any) {
	d.faults = append(d.faults, fault.Errorf(format, args...))
}

// resource makes the definition an fx.Option, which asks a host application
// for what the constructor takes and for what may stand in its place.
func (d *resourceDefinition) resource() Resource {
	var asks []signature.Param
	for _, param := range d.function.Params {
		if param.Group == "" && !isBuiltin(param.Type) && !d.isConfig(param.Key) {
			asks = append(asks, signature.Param{Key: param.Key})
		}
	}
	for _, provided := range d.provided() {
		if provided.key.Group == "" {
			asks = append(asks, signature.Param{Key: provided.key})
		}
	}
	resource := Resource{definition: d}
	resource.Option = host.Option[Definition](Group, resource, asks)
	return resource
}

func (d *resourceDefinition) isConfig(key signature.Key) bool {
	return isConfigOf(d.config, key)
}

// providedKey is one key that a resource answers, and the result that it is.
type providedKey struct {
	key    signature.Key
	result int
}

// provided lists the keys that the resource answers: each result by type and
// under the resource's name, the first one as its interfaces too.
func (d *resourceDefinition) provided() []providedKey {
	var keys []providedKey
	add := func(key signature.Key, result int) {
		if provided := (providedKey{key, result}); !slices.Contains(keys, provided) {
			keys = append(keys, provided)
		}
	}
	for i, result := range d.function.Results {
		add(result.Key, i)
		if result.Name == "" && result.Group == "" {
			add(signature.Key{Type: result.Type, Name: d.key}, i)
		}
	}
	for _, t := range d.as {
		add(signature.Key{Type: t}, 0)
		add(signature.Key{Type: t, Name: d.key}, 0)
	}
	return keys
}

// checkKey holds keys to what can stand in a path of a run config.
func checkKey(key string) error {
	if key == "" {
		return errors.New("its key is empty")
	}
	for i, r := range key {
		letter := r == '_' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		if !letter && (i == 0 || r != '-' && (r < '0' || r > '9')) {
			return fmt.Errorf("its key %q may hold letters, digits, _ and -, and starts with a letter", key)
		}
	}
	return nil
}

// As provides the resource's first result as the interface I too, so that
// consumers may ask for either. The result must implement I.
func As[I any]() Option {
	return optionFunc(func(d *resourceDefinition) {
		t := reflect.TypeFor[I]()
		if t.Kind() != reflect.Interface {
			d.fault("container.As[%s]: it is not an interface", t)
			return
		}
		d.as = append(d.as, t)
	})
}

// Describe says what the resource is, for the command line and the pages.
func Describe(text string) Option {
	return optionFunc(func(d *resourceDefinition) { d.description = text })
}

// StartTimeout bounds the resource's constructor, and then its start hooks
// together. Defaults to [DefaultTimeout]; it must be positive.
func StartTimeout(limit time.Duration) Option {
	return optionFunc(func(d *resourceDefinition) {
		if limit <= 0 {
			d.fault("container.StartTimeout(%s): it must be positive", limit)
		}
		d.startTimeout = limit
	})
}

// StopTimeout bounds the stop hooks of the resource, together. Defaults to
// [DefaultTimeout]; it must be positive.
func StopTimeout(limit time.Duration) Option {
	return optionFunc(func(d *resourceDefinition) {
		if limit <= 0 {
			d.fault("container.StopTimeout(%s): it must be positive", limit)
		}
		d.stopTimeout = limit
	})
}
