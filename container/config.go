package container

import (
	"reflect"
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

// newConfigDefinition is what an option called of was told. The faults are
// options that are nil.
func newConfigDefinition(of string, value any, opts []ConfigOption) (*configDefinition, []error) {
	c := &configDefinition{value: reflect.ValueOf(value)}
	return c, c.apply(of, opts)
}

// clone returns a copy to be taken apart: a definition may be in several
// containers.
func (c *configDefinition) clone() *configDefinition {
	copied := *c
	return &copied
}

// configType returns the type of the config, or nil where nil was given. What
// a pointer leads to stands for the pointer, which is a fault of its own.
func (c *configDefinition) configType() reflect.Type {
	if !c.value.IsValid() {
		return nil
	}
	t := c.value.Type()
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t
}

// mustBeLaunched returns the Go names of the fields that AtLaunch names.
func (c *configDefinition) mustBeLaunched() []string { return c.atLaunch }

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
