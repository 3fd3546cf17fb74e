package fxoption

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"go.uber.org/fx"
)

// Options are fx.Options, read.
type Options struct {
	// Functions are in the order of the options.
	Functions []Function
	// HasLogger says that an fx.WithLogger or an fx.Logger takes the events of
	// Fx.
	HasLogger bool
	// Everywhere has the options that every application with the other options
	// must have too: fx.ErrorHook, fx.RecoverFromPanics and fx.Logger.
	Everywhere []fx.Option
	// Intricate says that only Fx can tell what comes of the options, and reports what
	// is wrong: there is an fx.Error, an fx.Annotated, or an option in a module that Fx
	// takes only outside of modules.
	Intricate bool
	// Limits are the names of options that limit a whole application, such as
	// fx.StartTimeout.
	Limits []string
	// Embedding has the options that are structs of other packages with an
	// embedded option of Fx.
	Embedding []fx.Option
	// Faults has an error for each option that cannot be read.
	Faults []error
}

// Read reads options. It calls no function in them.
func Read(options []fx.Option) *Options {
	r := &reader{read: new(Options)}
	r.all(options, false)
	return r.read
}

type reader struct{ read *Options }

func (r *reader) all(options []fx.Option, inModule bool) {
	for _, option := range options {
		if option != nil {
			r.option(option, inModule)
		}
	}
}

func (r *reader) option(option fx.Option, inModule bool) {
	switch kind, value := shapeOf(option); kind {
	case "embedded", "optionGroup", "moduleOption":
		if kind == "embedded" {
			r.read.Embedding = append(r.read.Embedding, option)
		}
		inner, err := innerOf(option)
		r.fault(err)
		if slices.Contains(inner, nil) {
			r.fault(errors.New("one of the options inside another is nil, which Fx does not take"))
		}
		r.all(inner, inModule || kind == "moduleOption")
	case "provideOption":
		r.targets(Provide, value, inModule)
	case "supplyOption":
		r.targets(Supply, value, inModule)
	case "decorateOption":
		r.targets(Decorate, value, inModule)
	case "replaceOption":
		r.targets(Replace, value, inModule)
	case "invokeOption":
		r.targets(Invoke, value, inModule)
	case "withLoggerOption":
		r.read.HasLogger = r.read.HasLogger || !inModule
		constructor, err := field(value, "constructor")
		if err != nil {
			r.fault(err)
			return
		}
		r.function(Function{Kind: Logger, InModule: inModule}, constructor.Interface())
	case "loggerOption":
		r.read.HasLogger = true
		r.everywhere(option, inModule)
	case "startTimeoutOption":
		r.read.Limits = append(r.read.Limits, "fx.StartTimeout")
	case "stopTimeoutOption":
		r.read.Limits = append(r.read.Limits, "fx.StopTimeout")
	case "errorHookOption", "recoverFromPanicsOption":
		r.everywhere(option, inModule)
	case "errorOption":
		r.read.Intricate = true
	default:
		r.fault(fmt.Errorf("%v is an option of a kind that fxrun does not know: %T", option, option))
	}
}

// everywhere notes an option that every application must have. Fx takes some of these
// only outside of modules.
func (r *reader) everywhere(option fx.Option, inModule bool) {
	r.read.Everywhere = append(r.read.Everywhere, option)
	r.read.Intricate = r.read.Intricate || inModule
}

func (r *reader) fault(err error) {
	if err != nil {
		r.read.Faults = append(r.read.Faults, err)
	}
}

// targets reads the functions of one option.
func (r *reader) targets(kind Kind, option reflect.Value, inModule bool) {
	field, err := field(option, "Targets")
	if err != nil {
		r.fault(err)
		return
	}
	targets, ok := field.Interface().([]any)
	if !ok {
		r.fault(fmt.Errorf("%s holds a %s, which is not known", kind, field.Type()))
		return
	}
	private := slices.ContainsFunc(targets, isPrivate)
	if value := option.FieldByName("Private"); value.IsValid() {
		private = value.Bool()
	}
	for i, target := range targets {
		if isPrivate(target) {
			continue
		}
		function := Function{Kind: kind, InModule: inModule, Private: private}
		if !inModule {
			function.Option = alone(option, i)
		}
		if types, ok := typesOf(option); ok && len(types) == len(targets) {
			function.Value = types[i]
		}
		r.function(function, target)
	}
}

// function adds a function, with what it asks for and gives.
func (r *reader) function(function Function, target any) {
	if _, annotated := target.(fx.Annotated); annotated {
		r.read.Intricate = true
		if !function.Kind.Provides() {
			r.fault(fmt.Errorf("%s: it was given an fx.Annotated, which only fx.Provide and fx.Supply take: use fx.Annotate", function))
			return
		}
	}
	var err error
	function.Func, err = signatureOf(target)
	if err != nil {
		r.fault(fmt.Errorf("%s: %w", function, err))
		return
	}
	if function.Kind.Decorates() {
		function.Results = wholeGroups(function.Results)
	}
	r.read.Functions = append(r.read.Functions, function)
}

// typesOf returns the types of the values that were given to fx.Supply or
// fx.Replace.
func typesOf(option reflect.Value) ([]reflect.Type, bool) {
	field := option.FieldByName("Types")
	if !field.IsValid() {
		return nil, false
	}
	types, ok := field.Interface().([]reflect.Type)
	return types, ok
}

// isPrivate reports whether a target is fx.Private.
func isPrivate(target any) bool { return reflect.TypeOf(target) == reflect.TypeOf(fx.Private) }

// alone returns the option with only one of its functions.
func alone(option reflect.Value, at int) fx.Option {
	single := reflect.New(option.Type()).Elem()
	single.Set(option)
	for _, name := range []string{"Targets", "Types"} { // fx.Supply and fx.Replace have Types
		if field := single.FieldByName(name); field.IsValid() && field.Len() > at {
			field.Set(field.Slice3(at, at+1, at+1))
		}
	}
	return single.Interface().(fx.Option)
}

// shapeOf returns the name of the type of an option of Fx. For a struct of
// another package with an embedded option it returns "embedded".
func shapeOf(option fx.Option) (string, reflect.Value) {
	value := reflect.ValueOf(option)
	if strings.HasSuffix(value.Type().PkgPath(), "go.uber.org/fx") {
		return value.Type().Name(), value
	}
	return "embedded", value
}

// innerOf returns the options in fx.Options, in an fx.Module, or in a struct that
// embeds an option.
func innerOf(option fx.Option) ([]fx.Option, error) {
	kind, value := shapeOf(option)
	switch kind {
	case "optionGroup":
		inner := make([]fx.Option, value.Len())
		for i := range inner {
			inner[i], _ = value.Index(i).Interface().(fx.Option)
		}
		return inner, nil
	case "moduleOption":
		inner, err := field(value, "options")
		if err != nil {
			return nil, err
		}
		options, ok := inner.Interface().([]fx.Option)
		if !ok {
			return nil, fmt.Errorf("fx.Module holds a %s, which is not known", inner.Type())
		}
		return options, nil
	}
	if value.Kind() == reflect.Pointer && !value.IsNil() {
		value = value.Elem()
	}
	if value.Kind() != reflect.Struct {
		return nil, fmt.Errorf("%T is an option of a kind that fxrun does not know", option)
	}
	for described := range value.Type().Fields() {
		if !described.Anonymous || !described.Type.Implements(reflect.TypeFor[fx.Option]()) {
			continue
		}
		inner, err := field(value, described.Name)
		if err != nil {
			return nil, err
		}
		embedded, _ := inner.Interface().(fx.Option)
		return []fx.Option{embedded}, nil
	}
	return nil, fmt.Errorf("%T is an option of a kind that fxrun does not know", option)
}

// Group returns the options in fx.Options. For any other option it returns
// false.
func Group(option fx.Option) ([]fx.Option, bool) {
	if option == nil {
		return nil, false
	}
	if kind, _ := shapeOf(option); kind != "optionGroup" {
		return nil, false
	}
	inner, err := innerOf(option)
	return inner, err == nil
}

// field returns a field of the struct of an option, exported or not. The
// options in an fx.Module are in a field that is not exported.
func field(option reflect.Value, name string) (reflect.Value, error) {
	if option.Kind() != reflect.Struct {
		return reflect.Value{}, errors.New(option.Type().String() + " is no struct")
	}
	addressable := reflect.New(option.Type()).Elem()
	addressable.Set(option)
	value := addressable.FieldByName(name)
	if !value.IsValid() {
		return value, fmt.Errorf("%s has no field %s: this version of Fx is not known", option.Type(), name)
	}
	return reflect.NewAt(value.Type(), value.Addr().UnsafePointer()).Elem(), nil
}

// WithoutLoggers returns the options without fx.WithLogger and fx.Logger, also in
// modules. A function that makes a logger becomes an fx.Invoke, so that a dry run,
// which calls nothing, still finds what the function needs.
func WithoutLoggers(options []fx.Option) []fx.Option {
	var kept []fx.Option
	for _, option := range options {
		if option == nil {
			continue
		}
		switch kind, value := shapeOf(option); kind {
		case "withLoggerOption":
			constructor, err := field(value, "constructor")
			if err != nil {
				continue
			}
			option = fx.Invoke(constructor.Interface()) // it asks for the same values
		case "loggerOption":
			continue
		case "optionGroup", "embedded":
			if inner, err := innerOf(option); err == nil {
				option = fx.Options(WithoutLoggers(inner)...)
			}
		case "moduleOption":
			option = withoutLoggersInside(option, value)
		}
		kept = append(kept, option)
	}
	return kept
}

func withoutLoggersInside(module fx.Option, value reflect.Value) fx.Option {
	inner, err := innerOf(module)
	if err != nil {
		return module
	}
	changed := reflect.New(value.Type()).Elem()
	changed.Set(value)
	options := changed.FieldByName("options")
	reflect.NewAt(options.Type(), options.Addr().UnsafePointer()).Elem().Set(reflect.ValueOf(WithoutLoggers(inner)))
	return changed.Interface().(fx.Option)
}
