package assets

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path"
	"reflect"
	"runtime"
	"slices"
	"strings"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/internal/host"
	"github.com/fxrun/fxrun/internal/signature"
)

// Group is the Fx value group in which a host application gathers what [New],
// [Set] and [NewJob] return. Package fxrun reads it.
const Group = "fxrun.assets"

// DefaultIO is the key of the IO manager that stores an asset's value where
// [IO] says nothing.
const DefaultIO = "io_manager"

// Definition is an [Asset], a [Job], or a [Set] of them. It is an fx.Option
// too, so that definitions compose with fx.Options and fx.Module.
type Definition interface {
	fx.Option
	define(*builder)
}

// Asset is a keyed function whose output is a named, stored value. It is
// immutable.
type Asset struct {
	fx.Option
	definition *definition
}

// Key returns the asset's key.
func (a Asset) Key() string { return a.definition.key }

func (a Asset) define(b *builder) { b.assets = append(b.assets, a.definition) }

// definition is what New was told.
type definition struct {
	key         string
	position    string // file:line of the New call
	function    signature.Func
	output      reflect.Type // nil where the function stores its own data
	after       []string
	group       string
	tags        []string
	owners      []string
	description string
	io          string
	format      string
	faults      []error
}

// Option says more about an asset. See [After], [InGroup], [Tags], [Owners],
// [Describe], [IO] and [Format].
type Option interface{ apply(*definition) }

type optionFunc func(*definition)

func (f optionFunc) apply(d *definition) { f(d) }

// New makes fn the asset called key, a path like "raw/orders".
//
// fn returns the asset's value and an error, the value alone, or an error
// alone if it stores its data itself. Its parameters, plain or as fields of an
// fx.In struct, are resolved by type:
//
//   - the output type of another asset: that asset's stored value,
//   - a resource's type, or a type of the host application,
//   - context.Context, which ends when the step is cancelled,
//   - *[Context], *slog.Logger and container.RunInfo, which tell about the step.
//
// Where several assets or resources have one type, a field of an fx.In struct
// with a tag name:"raw/orders" says which.
//
// Whatever is wrong with the arguments is reported by [NewGraph], all at once.
func New(key string, fn any, opts ...Option) Asset {
	definition := &definition{key: key, io: DefaultIO}
	if _, file, line, ok := runtime.Caller(1); ok {
		definition.position = fmt.Sprintf("%s:%d", path.Base(file), line)
	}
	if err := checkKey(key); err != nil {
		definition.fault("%w", err)
	}
	definition.read(fn)
	for _, opt := range opts {
		opt.apply(definition)
	}
	asset := Asset{definition: definition}
	asset.Option = host.Option[Definition](Group, asset, definition.asks())
	return asset
}

// read takes the function apart.
func (d *definition) read(fn any) {
	function, err := signature.Of(fn)
	switch {
	case errors.Is(err, signature.ErrAnnotated):
		d.fault("it is wrapped by fx.Annotate, which hides its parameters: give the plain function, with an fx.In struct in place of ParamTags")
	case err != nil:
		d.fault("%w", err)
	case len(function.Results) > 1:
		d.fault("%s returns %d values: an asset has one, and an error", function.Name, len(function.Results))
	case len(function.Results) == 0 && !function.ReturnsError():
		d.fault("%s returns nothing: an asset returns its value, or an error if it stores its data itself", function.Name)
	case len(function.Results) == 1 && (function.Results[0].Name != "" || function.Results[0].Group != ""):
		d.fault("%s returns an fx.Out struct: an asset returns its value", function.Name)
	case len(function.Results) == 1:
		d.output = function.Results[0].Type
	}
	d.function = function
}

func (d *definition) fault(format string, args ...any) {
	d.faults = append(d.faults, fmt.Errorf(format, args...))
}

// asks are the parameters that a host application may have values for.
func (d *definition) asks() []signature.Param {
	var asks []signature.Param
	for _, param := range d.function.Params {
		if param.Group == "" && !isOwn(param.Key) {
			asks = append(asks, signature.Param{Key: param.Key})
		}
	}
	return asks
}

var (
	contextType     = reflect.TypeFor[context.Context]()
	stepContextType = reflect.TypeFor[*Context]()
	loggerType      = reflect.TypeFor[*slog.Logger]()
)

// isOwn reports whether a parameter is given by the step itself.
func isOwn(key signature.Key) bool {
	return key.Name == "" && (key.Type == contextType || key.Type == stepContextType || key.Type == loggerType)
}

// checkKey holds keys to what selections, paths and tags can name.
func checkKey(key string) error {
	if key == "" {
		return errors.New("its key is empty")
	}
	for part := range strings.SplitSeq(key, "/") {
		if part == "" || strings.Trim(part, ".") == "" {
			return fmt.Errorf("its key %q has an empty part", key)
		}
		for _, r := range part {
			if !isKeyRune(r) {
				return fmt.Errorf("its key %q may hold letters, digits, _, -, . and / between parts", key)
			}
		}
	}
	return nil
}

func isKeyRune(r rune) bool {
	return r == '_' || r == '-' || r == '.' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
}

// After orders the asset after others without taking their values.
func After(keys ...string) Option {
	return optionFunc(func(d *definition) { d.after = append(d.after, keys...) })
}

// InGroup puts the asset into a group, which selections name as group:NAME.
func InGroup(name string) Option { return optionFunc(func(d *definition) { d.group = name }) }

// Tags marks the asset; selections name it as tag:NAME.
func Tags(names ...string) Option {
	return optionFunc(func(d *definition) { d.tags = append(d.tags, names...) })
}

// Owners says who looks after the asset: mail addresses or team names.
func Owners(names ...string) Option {
	return optionFunc(func(d *definition) { d.owners = append(d.owners, names...) })
}

// Describe says what the asset is, for the command line and the pages.
func Describe(text string) Option {
	return optionFunc(func(d *definition) { d.description = text })
}

// IO names the IO manager, a resource's key, that stores the asset's value and
// loads it for others. Defaults to [DefaultIO].
func IO(key string) Option { return optionFunc(func(d *definition) { d.io = key }) }

// Format names the format in which the IO manager stores the asset's value, as
// in "parquet". Defaults to what the IO manager chooses for the Go type.
func Format(name string) Option { return optionFunc(func(d *definition) { d.format = name }) }

// set is many definitions as one.
type set struct {
	fx.Option
	definitions []Definition
}

func (s set) define(b *builder) {
	for _, definition := range s.definitions {
		definition.define(b)
	}
}

// Set makes many assets one definition, and so one provider in a host
// application's Fx graph: a loop's thousands of assets cost next to nothing
// there.
func Set(list ...Asset) Definition {
	var all set
	var asks []signature.Param
	for _, asset := range list {
		all.definitions = append(all.definitions, asset)
		for _, ask := range asset.definition.asks() {
			if !slices.ContainsFunc(asks, func(p signature.Param) bool { return p.Key == ask.Key }) {
				asks = append(asks, ask)
			}
		}
	}
	all.Option = host.Option[Definition](Group, all, asks)
	return all
}
