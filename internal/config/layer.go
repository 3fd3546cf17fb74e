package config

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/fxrun/fxrun/internal/fault"
	"github.com/fxrun/fxrun/internal/panics"
)

// Resolved is the config for one launch.
type Resolved struct {
	Value   reflect.Value // the config struct
	origins []origin      // one for each field
}

// origin says where the value of a field comes from.
type origin struct {
	source   Source
	variable string
	givenBy  string // who has given the value at launch; "" if that is not known
	// unreadable says that the value of the layer is not of the type of the
	// field. refused says that it is of this type, but not allowed.
	unreadable, refused bool
	// shown is the text that is shown for a value with references to variables in
	// it, because a variable could hold a secret of another config.
	shown any
}

// Resolve applies the layers in this order: default, code, environment, launch.
// It reads the environment now, and reports everything that is missing or
// cannot be read, each with its path below at. A section behind a pointer stays
// nil if no layer gives a part of the section and a required value would be
// missing.
func (c *Definition) Resolve(at string, launch LaunchValues) (Resolved, []error) {
	config := reflect.New(c.value.Type()).Elem()
	config.Set(c.value)
	origins := make([]origin, len(c.fields))
	left, faults := c.leftOut(at, launch)
	whole := true
	for i := range c.fields {
		field := &c.fields[i]
		if field.isIn(left) {
			name, _, _ := field.variable()
			origins[i] = origin{source: SourceZero, variable: name}
			continue
		}
		value, from, errs := c.layer(joinPath(at, field.path), field, launch)
		origins[i] = from
		whole = whole && from.source != SourceMissing && !from.refused
		if len(errs) > 0 {
			faults = append(faults, errs...)
			origins[i].unreadable = !value.IsValid()
		}
		if value.IsValid() {
			setByIndex(config, field.index, value)
		}
	}
	c.makeSections(config, launch)
	resolved := Resolved{Value: config, origins: origins}
	if len(faults) == 0 && whole && !c.item {
		if err := validate(config); err != nil { // a text of the user, which may quote a secret
			faults = append(faults, fault.Errorf("%s: %w", at, fault.Masked(err, NewMasker(c.SecretTexts(resolved)...).Mask)))
		}
	}
	return resolved, faults
}

// layer finds the value of a field. The zero reflect.Value means that the field
// stays as it is.
func (c *Definition) layer(at string, field *Leaf, launch LaunchValues) (reflect.Value, origin, []error) {
	lacks := func(from origin, text string) (reflect.Value, origin, []error) {
		from.source = SourceMissing
		return reflect.Value{}, from, []error{&FieldError{Path: at, Message: text, missing: true}}
	}
	if given, ok := launch[field.path]; ok {
		value, from, faults := c.launched(at, field, given)
		if empty := emptiness(given.node, value); len(faults) == 0 && empty != "" && field.mustBeGiven() {
			from.source = SourceMissing
			faults = []error{&FieldError{Path: at, Message: "missing: the launch gives " + empty, missing: true, atLaunch: field.atLaunch}}
		}
		return value, from, faults
	}
	if field.atLaunch {
		return reflect.Value{}, origin{source: SourceMissing}, []error{&FieldError{Path: at, Message: "missing: it must be given at launch", missing: true, atLaunch: true}}
	}
	name, text, isSet := field.variable()
	from := origin{source: SourceMissing, variable: name}
	if isSet {
		if field.required && text == "" {
			return lacks(from, "missing: the environment variable "+name+" is set, but empty")
		}
		from.source = SourceEnv
		return c.inEnvironment(at, field, variable{name: name, text: text}, from)
	}
	inCode, ok := fieldByIndex(c.value, field.index)
	if ok && !inCode.IsZero() {
		from.source = SourceCode
		value, faults := c.shapes.complete(at, clone(inCode))
		if must := field.violation(value); c.item && must != "" { // for other configs, the check of the definitions has looked at it
			from.refused = true
			faults = append(faults, &FieldError{Path: at, Message: "it must " + must})
		}
		return value, from, faults
	}
	if field.text != "" {
		from.source = SourceDefault
		value, err := readTag(field.text, field.typ)
		if err != nil { // the check of the definitions has reported this already
			return reflect.Value{}, from, []error{&FieldError{Path: at, Message: "its default tag is " + err.Error()}}
		}
		return value, from, nil
	}
	if field.required {
		return lacks(from, missing(c, field, name).Error())
	}
	from.source = SourceZero
	return inCode, from, nil // not valid below a nil pointer, which stays nil
}

// variable is an environment variable that is set.
type variable struct {
	name, text string
	why        string // why it is read, as part of a sentence, or ""
}

// inEnvironment reads a variable.
func (c *Definition) inEnvironment(at string, field *Leaf, v variable, from origin) (reflect.Value, origin, []error) {
	value := reflect.New(field.typ).Elem()
	if reason := c.shapes.readVariable(v.text, value); reason != "" {
		return reflect.Value{}, from, []error{&FieldError{Path: at, Message: "the environment variable " + v.name + v.why + " is " + reason, variable: true}}
	}
	if must := field.violation(value); must != "" {
		from.refused = true
		return value, from, []error{&FieldError{Path: at, Message: "the environment variable " + v.name + v.why + " must " + must, variable: true}}
	}
	return value, from, nil
}

// mustBeGiven reports whether a launch may not leave the field empty.
func (f *Leaf) mustBeGiven() bool { return f.required || f.atLaunch }

// emptiness names an empty value that a launch gave, as by --set path=$UNSET in
// a shell. It returns "" for any other value. It does not look at the type,
// because a Secret or a type that reads itself from text may accept "".
func emptiness(node *yaml.Node, value reflect.Value) string {
	if !value.IsValid() {
		return ""
	}
	bare, ok := bareValue(value)
	switch {
	case !ok:
		return "null"
	case node != nil && node.Kind == yaml.ScalarNode && node.Value == "",
		bare.Kind() == reflect.String && bare.Len() == 0,
		unitOf(bare.Type()) == "bytes" && bare.Len() == 0:
		return "an empty text"
	}
	return ""
}

// missing returns an error that names the ways to give the field a value.
func missing(c *Definition, field *Leaf, variable string) error {
	switch {
	case c.item:
		return errors.New("missing: every item has to give it")
	case variable != "" && field.fixed:
		return fmt.Errorf("missing: set the environment variable %s", variable)
	case variable != "":
		return fmt.Errorf("missing: set the environment variable %s, or give it at launch", variable)
	case field.fixed:
		return errors.New("missing: set it in code")
	}
	return errors.New("missing: set it in code, or give it at launch")
}

// launched returns the value that a launch gave.
func (c *Definition) launched(at string, field *Leaf, given launchValue) (reflect.Value, origin, []error) {
	from := origin{source: SourceLaunch, refused: given.refused, givenBy: given.by}
	if given.broken {
		from.source = SourceMissing
		return reflect.Value{}, from, c.brokenVariables(at, field, given)
	}
	if given.node == nil {
		return clone(given.value), from, nil
	}
	if name, ok := reference(field.typ, given.node); ok {
		const more = ", which the launch refers to,"
		from.variable = name
		text, isSet := os.LookupEnv(name)
		if lacks := !isSet || field.mustBeGiven() && text == ""; lacks {
			problem := notSet(name, field.typ)
			if isSet {
				problem = "missing: the environment variable " + name + more + " is set, but empty"
			}
			from.source = SourceMissing
			return reflect.Value{}, from, []error{&FieldError{Path: at, Message: problem, missing: true, variable: true}}
		}
		return c.inEnvironment(at, field, variable{name, text, more}, from)
	}
	value := reflect.New(field.typ).Elem()
	r := reading{shapes: c.shapes, lookUp: true, secret: field.secret}
	if r.read(given.node, value, at); len(r.faults) > 0 {
		return reflect.Value{}, from, errorsOf(r.faults)
	}
	if names := c.shapes.references(field.typ, given.node); len(names) > 0 {
		from.shown, _ = c.shapes.stored(given.node, field.typ, hidden)
	}
	return value, from, nil
}

// brokenVariables reports what is wrong with the variables that a value refers
// to, for a value with a fault in another place.
func (c *Definition) brokenVariables(at string, field *Leaf, given launchValue) []error {
	if given.node == nil {
		return nil
	}
	r := reading{shapes: c.shapes, lookUp: true, secret: field.secret}
	r.read(given.node, reflect.New(field.typ).Elem(), at)
	return errorsOf(slices.DeleteFunc(r.faults, func(fault *FieldError) bool { return !fault.variable }))
}

// setByIndex sets a field. It copies the structs behind pointers first, because
// all children share the struct in code.
func setByIndex(config reflect.Value, index []int, value reflect.Value) {
	for _, at := range index[:len(index)-1] {
		config = config.Field(at)
		if config.Kind() == reflect.Pointer {
			fresh := reflect.New(config.Type().Elem())
			if !config.IsNil() {
				fresh.Elem().Set(config.Elem())
			}
			config.Set(fresh)
			config = fresh.Elem()
		}
	}
	config.Field(index[len(index)-1]).Set(value)
}

// validate calls the method Validate of the struct, if it has one.
func validate(config reflect.Value) (err error) {
	validator, ok := config.Addr().Interface().(interface{ Validate() error })
	if !ok {
		return nil
	}
	defer func() {
		if recovered := recover(); recovered != nil {
			err = fmt.Errorf("its Validate panicked: %w", panics.Recovered(recovered))
		}
	}()
	return validator.Validate()
}
