package config

import (
	"reflect"

	"github.com/fxrun/fxrun/internal/fault"
)

// Option says where the fields of a config struct come from. See
// [FromEnv], [FromPlainEnv], [AtLaunch] and [Fixed].
type Option interface{ applyConfig(*Definition) }

type optionFunc func(*Definition)

func (f optionFunc) applyConfig(c *Definition) { f(c) }

// Definition is the content of a Config or StepConfig option.
type Definition struct {
	value    reflect.Value // the struct in code
	fromEnv  bool
	prefix   string
	plain    []string
	atLaunch []string
	fixed    []string

	fields []Leaf // taken apart by New
	shapes *Shapes
	item   bool // the config is a struct in a list or a map
}

// apply applies the options, and reports those that are nil.
func (c *Definition) apply(of string, opts []Option) (faults []error) {
	for _, opt := range opts {
		if opt == nil {
			faults = append(faults, fault.Errorf("one of the options of its %s is nil", of))
			continue
		}
		opt.applyConfig(c)
	}
	return faults
}

// NewDefinition returns the definition of a config. of is the name of the
// option that has it. The faults report options that are nil.
func NewDefinition(of string, value any, opts []Option) (*Definition, []error) {
	c := &Definition{value: reflect.ValueOf(value)}
	return c, c.apply(of, opts)
}

// Clone returns a copy that can be analysed, because a definition may be in
// several containers.
func (c *Definition) Clone() *Definition {
	copied := *c
	return &copied
}

// Type returns the type of the config, or nil if nil was given. For a pointer
// it returns the type that the pointer leads to; the pointer is reported as a
// fault elsewhere.
func (c *Definition) Type() reflect.Type {
	if !c.value.IsValid() {
		return nil
	}
	t := c.value.Type()
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t
}

// RequiredAtLaunch returns the Go names of the fields that AtLaunch names.
func (c *Definition) RequiredAtLaunch() []string { return c.atLaunch }

// FromEnv reads the fields of the config from environment variables, with the
// names that envconfig gives them: PREFIX_FIELD in upper case. The tag
// split_words:"true" separates the words of the name, and an envconfig tag
// takes the place of the name of the field. With the empty prefix, the variable
// is FIELD. Unlike with envconfig alone, a variable without the prefix is not
// read: see [FromPlainEnv].
//
// Without FromEnv no variable is read, unless a launch asks for one by
// {env: NAME}.
func FromEnv(prefix string) Option {
	return optionFunc(func(c *Definition) { c.fromEnv, c.prefix = true, prefix })
}

// FromPlainEnv names Go fields that have an envconfig tag. If the variable with
// the prefix of [FromEnv] is not set, such a field is read from the variable
// that the tag names. This is the fallback of envconfig itself. If two configs
// of one type name a field, both read the same variable.
func FromPlainEnv(fields ...string) Option {
	return optionFunc(func(c *Definition) { c.plain = append(c.plain, fields...) })
}

// AtLaunch names the Go fields, such as Table, or Auth.User in a nested struct, whose value must
// be given at launch: in the run config of the launch itself, or in the run config of its job. An
// empty text is not enough. Without these values no child is opened that needs the resource.
func AtLaunch(fields ...string) Option {
	return optionFunc(func(c *Definition) { c.atLaunch = append(c.atLaunch, fields...) })
}

// Fixed names the Go fields that a launch may not set.
func Fixed(fields ...string) Option {
	return optionFunc(func(c *Definition) { c.fixed = append(c.fixed, fields...) })
}
