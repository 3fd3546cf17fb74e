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

// Definition is what a Config or StepConfig option said.
type Definition struct {
	value    reflect.Value // the struct in code
	fromEnv  bool
	prefix   string
	plain    []string
	atLaunch []string
	fixed    []string

	fields []Leaf // taken apart by New
	shapes *Shapes
	item   bool // it is of a struct in a list or a map
}

// apply takes the options in, and reports those that are nil.
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

// NewDefinition is what an option called of was told. The faults are
// options that are nil.
func NewDefinition(of string, value any, opts []Option) (*Definition, []error) {
	c := &Definition{value: reflect.ValueOf(value)}
	return c, c.apply(of, opts)
}

// Clone returns a copy to be taken apart: a definition may be in several
// containers.
func (c *Definition) Clone() *Definition {
	copied := *c
	return &copied
}

// Type returns the type of the config, or nil where nil was given. What
// a pointer leads to stands for the pointer, which is a fault of its own.
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

// FromEnv reads the config's fields from environment variables, named as
// envconfig names them: PREFIX_FIELD in upper case, words parted where
// split_words:"true" asks for it, the name of an envconfig tag in place of the
// field's. The empty prefix reads FIELD. A variable without the prefix is not
// read, unlike with envconfig alone: see [FromPlainEnv].
//
// Without FromEnv no variable is read, unless a launch asks for one by
// {env: NAME}.
func FromEnv(prefix string) Option {
	return optionFunc(func(c *Definition) { c.fromEnv, c.prefix = true, prefix })
}

// FromPlainEnv names the Go fields, each with an envconfig tag, that are read
// from the variable of that name where the one with the prefix of [FromEnv] is
// not set: envconfig's own fallback. Two configs that name a field of one type
// then share its variable.
func FromPlainEnv(fields ...string) Option {
	return optionFunc(func(c *Definition) { c.plain = append(c.plain, fields...) })
}

// AtLaunch names the Go fields (Table, or Auth.User in a nested struct) whose
// value, not an empty text, must be given at launch: in the run config of the launch itself or in
// that of its job. A child that needs the resource is not opened without them.
func AtLaunch(fields ...string) Option {
	return optionFunc(func(c *Definition) { c.atLaunch = append(c.atLaunch, fields...) })
}

// Fixed names the Go fields that a launch may not set.
func Fixed(fields ...string) Option {
	return optionFunc(func(c *Definition) { c.fixed = append(c.fixed, fields...) })
}
