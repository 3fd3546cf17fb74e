package resource

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
	define(*Gathered)
}

// Resource is a constructor with a key, a config and a lifetime. It stands for
// an external thing that a data job uses. It is immutable.
type Resource struct {
	fx.Option
	declaration *Declaration
}

// Key returns the resource's key.
func (r Resource) Key() string { return r.declaration.Key }

func (r Resource) define(b *Gathered) { b.Resources = append(b.Resources, r.declaration) }

// Option says more about a resource. See [Config], [As], [Describe],
// [PerProcess], [PerRun], [PerStep], [Eager], [StartTimeout], [StopTimeout],
// [StartRetry], [Health] and [Static].
type Option interface{ apply(*Declaration) }

type optionFunc func(*Declaration)

func (f optionFunc) apply(d *Declaration) { f(d) }

// Declaration has the arguments of Provide or Supply, taken apart.
type Declaration struct {
	Key          string
	Position     string // file:line of the Provide call
	Function     signature.Func
	Config       *config.Definition
	As           []reflect.Type
	Description  string
	StartTimeout time.Duration
	StopTimeout  time.Duration
	Lifetime     Lifetime
	hasLifetime  bool
	Eager        bool
	Retries      int
	Backoff      func(attempt int) time.Duration
	Health       *healthCheck
	Static       []any
	Supplied     bool // its function is made by Supply
	Faults       []error
}

// DefaultTimeout limits the start of a resource without [StartTimeout], and the
// stop of a resource without [StopTimeout]. Fx has the same default for a whole
// application.
const DefaultTimeout = fx.DefaultTimeout

// Provide makes constructor the resource called key. Package container
// documents it.
func Provide(key string, constructor any, opts []Option) Resource {
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
	default:
		definition.refuseCleanups(function.Results)
	}
	definition.Function = function
	return definition.resource()
}

// Supply makes a value that exists already the resource called key. The
// resource has the dynamic type of the value; use [As] for an interface.
// Nothing starts or stops the value, and all children share it.
func Supply(key string, value any, opts []Option) Resource {
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
	definition.Supplied = true
	function.Name = fmt.Sprintf("a supplied %T", value)
	if !definition.hasLifetime {
		definition.Lifetime = LifetimeProcess // the value existed before every child
	}
	definition.Function = function
	return definition.resource()
}

func newDefinition(key string, opts []Option) *Declaration {
	definition := &Declaration{Key: key, StartTimeout: DefaultTimeout, StopTimeout: DefaultTimeout}
	if _, file, line, ok := runtime.Caller(3); ok {
		definition.Position = fmt.Sprintf("%s:%d", path.Base(file), line)
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

func (d *Declaration) fault(format string, args ...any) {
	d.Faults = append(d.Faults, fault.Errorf(format, args...))
}

// String returns the key of the resource and the position of its definition.
func (d *Declaration) String() string { return fmt.Sprintf("resource %s (%s)", d.Key, d.Position) }

// resource makes the definition an fx.Option. The option asks a host
// application for the parameters of the constructor, and for values that may
// take the place of the resource.
func (d *Declaration) resource() Resource {
	resource := Resource{declaration: d}
	resource.Option = host.Option[Definition](Group, resource, host.Definitions{Places: []any{d}, Asks: d.asks()})
	return resource
}

// asks returns what the host application may have for the resource: parameters of
// the constructor, values in place of its results, and further members of the
// groups of its results.
func (d *Declaration) asks() []host.Ask {
	var asks []host.Ask
	add := func(ask host.Ask) {
		same := func(other host.Ask) bool { return other.Key == ask.Key }
		if at := slices.IndexFunc(asks, same); at >= 0 {
			asks[at].Exact = asks[at].Exact || ask.Exact
			return
		}
		asks = append(asks, ask)
	}
	for _, param := range d.Function.Params {
		if key := param.Key; !d.IsConfig(key) && (!IsBuiltinKey(key) || key.Type == LoggerType) {
			add(host.Ask{Key: key})
		}
	}
	for _, provided := range d.Answers() {
		add(host.Ask{Key: provided.Key, Exact: provided.Key.Group == "" && HasPlainZero(provided.Key.Type)})
	}
	return asks
}

// TypesOf returns the types that a resource gives, each as in "*sql.DB
// (resource warehouse)".
func TypesOf(r Resource) []string {
	var types []string
	for _, result := range r.declaration.Function.Results {
		types = append(types, fmt.Sprintf("%s (resource %s)", result.Key, r.Key()))
	}
	return types
}

// HasPlainZero reports whether somebody may mean a zero value of the type, as
// in fx.Replace(Limit(0)). Nil in place of a pointer, an interface or a function
// is taken for none.
func HasPlainZero(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Pointer, reflect.Interface, reflect.Func, reflect.Chan, reflect.UnsafePointer:
		return false
	}
	return true
}

// IsConfig reports whether a parameter with this key is the config of the
// resource.
func (d *Declaration) IsConfig(key signature.Key) bool {
	return IsConfigOf(d.Config, key)
}

// ProvidedKey is one key under which a resource provides a result, and that
// result.
type ProvidedKey struct {
	Key    signature.Key
	Result int
}

// Answers lists the keys under which the resource provides its results: each
// result by its type and under the key of the resource as the name, and the
// first result also by the interfaces of As.
func (d *Declaration) Answers() []ProvidedKey {
	var keys []ProvidedKey
	add := func(key signature.Key, result int) {
		if provided := (ProvidedKey{key, result}); !slices.Contains(keys, provided) {
			keys = append(keys, provided)
		}
	}
	for i, result := range d.Function.Results {
		add(result.Key, i)
		if result.Name == "" && result.Group == "" {
			add(signature.Key{Type: result.Type, Name: d.Key}, i)
		}
	}
	for _, t := range d.As {
		add(signature.Key{Type: t}, 0)
		add(signature.Key{Type: t, Name: d.Key}, 0)
	}
	return keys
}

// checkKey returns an error for a key that cannot be a part of a path in a run
// config.
func checkKey(key string) error {
	if key == "" {
		return errors.New("its key is empty")
	}
	for i, r := range key {
		letter := r == '_' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		if !letter && (i == 0 || r != '-' && (r < '0' || r > '9')) {
			return fmt.Errorf("its key %q is not allowed: it may hold letters, digits, _ and -, and starts with a letter", key)
		}
	}
	return nil
}

// As provides the first result of the resource as the interface I too, so that
// others may ask for the one or the other. The result must implement I.
func As[I any]() Option {
	return optionFunc(func(d *Declaration) {
		t := reflect.TypeFor[I]()
		if t.Kind() != reflect.Interface {
			d.fault("container.As[%s]: it is not an interface", t)
			return
		}
		d.As = append(d.As, t)
	})
}

// Describe gives the resource a description, for the command line and the
// pages.
func Describe(text string) Option {
	return optionFunc(func(d *Declaration) { d.Description = text })
}

// StartTimeout limits the time of the constructor of the resource, and then the
// time of all its start hooks together. The default is [DefaultTimeout]. The
// limit must be positive.
func StartTimeout(limit time.Duration) Option {
	return optionFunc(func(d *Declaration) {
		if limit <= 0 {
			d.fault("container.StartTimeout(%s): it must be positive", limit)
		}
		d.StartTimeout = limit
	})
}

// StopTimeout limits the time of all stop hooks of the resource together. The
// default is [DefaultTimeout]. The limit must be positive.
func StopTimeout(limit time.Duration) Option {
	return optionFunc(func(d *Declaration) {
		if limit <= 0 {
			d.fault("container.StopTimeout(%s): it must be positive", limit)
		}
		d.StopTimeout = limit
	})
}
