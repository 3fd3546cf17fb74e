package container

import (
	"reflect"

	"github.com/fxrun/fxrun/internal/signature"
)

// ConfigOption says where the fields of a config struct come from. See
// [FromEnv], [AtLaunch] and [Fixed].
type ConfigOption interface{ applyConfig(*configDefinition) }

type configOptionFunc func(*configDefinition)

func (f configOptionFunc) applyConfig(c *configDefinition) { f(c) }

// configDefinition is what a Config or StepConfig option said.
type configDefinition struct {
	value    reflect.Value // the struct in code
	fromEnv  bool
	prefix   string
	atLaunch []string
	fixed    []string

	fields []configField // taken apart by New
}

// apply takes the options in, and reports those that are nil.
func (c *configDefinition) apply(of string, opts []ConfigOption) (faults []error) {
	for _, opt := range opts {
		if opt == nil {
			faults = append(faults, faultf("one of the options of its %s is nil", of))
			continue
		}
		opt.applyConfig(c)
	}
	return faults
}

// isTypeOf reports whether a parameter with the key takes the config.
func (c *configDefinition) isTypeOf(key signature.Key) bool {
	if !c.value.IsValid() {
		return false
	}
	t := c.value.Type()
	if t.Kind() == reflect.Pointer { // a fault, reported once
		t = t.Elem()
	}
	return key == signature.Key{Type: t}
}

// Config gives a resource its config: a struct, by value, of the type that the
// resource's constructor takes as a parameter. The type's exported fields are
// the config's fields, with envconfig's tags: default, required, envconfig,
// split_words, ignored, desc. Four more say which values are allowed:
//
//	Level string        `enum:"debug,info,warn"`  // one of these; for any type of a single value
//	Port  int           `min:"1" max:"65535"`     // for numbers
//	Wait  time.Duration `min:"100ms" max:"5s"`    // for durations
//	Name  string        `min:"3" pattern:"^[a-z]"` // characters; for lists items, for maps entries, for []byte bytes
//
// A tag holds for the value of every layer, also inside a pointer or a
// [Secret]; [New] checks the default tag and the value in code. A field that
// no layer sets, and a nil pointer, are allowed: required asks for a value. A
// pattern is one of package regexp, and matches anywhere in the text unless it
// has ^ and $.
//
// Each field gets its value from the highest of four layers: the default tag,
// the non-zero value in code, the environment (with [FromEnv]), the launch.
// A value set in code wins over a default tag, unlike with envconfig alone.
// The environment is read when a child is opened, never when definitions load.
//
// Each child gets a config of its own: slices, maps and pointers in fields are
// copied, so that a resource may change them. Values that hide their fields
// (a Secret[[]byte], a *regexp.Regexp) and fields tagged ignored:"true" are
// shared by all children: only read them.
//
// If the struct has a method Validate() error, it is called with the finished
// config before anything starts.
func Config(value any, opts ...ConfigOption) Option {
	return optionFunc(func(d *resourceDefinition) {
		config := &configDefinition{value: reflect.ValueOf(value)}
		d.faults = append(d.faults, config.apply("container.Config", opts)...)
		if d.config != nil {
			d.faults = append(d.faults, faultf("it has two Config options: give one"))
		}
		d.config = config
	})
}

// FromEnv reads the config's fields from environment variables, named as
// envconfig names them: PREFIX_FIELD in upper case, words parted where
// split_words:"true" asks for it, the name of an envconfig tag in place of the
// field's. The empty prefix reads FIELD.
//
// Without FromEnv no variable is read, unless a launch asks for one by
// {env: NAME}.
func FromEnv(prefix string) ConfigOption {
	return configOptionFunc(func(c *configDefinition) { c.fromEnv, c.prefix = true, prefix })
}

// AtLaunch names the Go fields (Table, or Auth.User in a nested struct) whose
// value, not an empty text, must be given at launch: in the run config of the launch itself or in
// that of its job. A child that needs the resource is not opened without them.
func AtLaunch(fields ...string) ConfigOption {
	return configOptionFunc(func(c *configDefinition) { c.atLaunch = append(c.atLaunch, fields...) })
}

// Fixed names the Go fields that a launch may not set.
func Fixed(fields ...string) ConfigOption {
	return configOptionFunc(func(c *configDefinition) { c.fixed = append(c.fixed, fields...) })
}

// Source is the layer that a config field's value comes from.
type Source string

// The sources of a config field, lowest layer first.
const (
	// FromZero: no layer gave a value, the field is zero.
	FromZero Source = "zero"
	// FromDefault: the field's default tag.
	FromDefault Source = "default"
	// FromCode: the struct given to Config.
	FromCode Source = "code"
	// FromEnvironment: an environment variable, named by Field.Variable.
	FromEnvironment Source = "env"
	// FromLaunch: the run config of the launch.
	FromLaunch Source = "launch"
	// FromNowhere: the value is required and missing.
	FromNowhere Source = "missing"
)

// Field describes one field of a resource's or a step's config and the value
// that it has for a given launch.
type Field struct {
	// Path is the field's name in a run config: its json tag, else its Go name
	// in snake_case, dots between nested structs. As in "auth.user".
	Path string `json:"path"`
	// GoName is the field's Go name, dots between nested structs.
	GoName string `json:"go_name"`
	// Type is the Go type, as in "time.Duration".
	Type string `json:"type"`
	// Description is the field's desc tag.
	Description string `json:"description,omitempty"`
	// Source is the layer that the value comes from.
	Source Source `json:"source"`
	// Variable is the environment variable that gives the value or would give
	// it; empty where no variable is read.
	Variable string `json:"variable,omitempty"`
	// Value is the value as text, [Masked] for a secret, "" where there is none.
	Value string `json:"value"`
	// Secret says that the value is never shown.
	Secret bool `json:"secret,omitempty"`
	// Required says that the field must get a value.
	Required bool `json:"required,omitempty"`
	// AtLaunch says that the value must be given at launch.
	AtLaunch bool `json:"at_launch,omitempty"`
	// Fixed says that a launch may not set the field.
	Fixed bool `json:"fixed,omitempty"`
	// Default is the default tag, [Masked] for a secret, "" without one. A value
	// in code wins over it.
	Default string `json:"default,omitempty"`
	// Enum are the allowed values, in the tag's order; nil where any is, and for
	// a secret, since each of them could be it.
	Enum []string `json:"enum,omitempty"`
	// Min and Max are the bounds of a number or a duration, or of the length of
	// text (characters), bytes, a list or a map; "" where there is none.
	Min string `json:"min,omitempty"`
	Max string `json:"max,omitempty"`
	// Pattern is the regular expression that the text has to match.
	Pattern string `json:"pattern,omitempty"`
}
