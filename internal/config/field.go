package config

import (
	"errors"
	"reflect"
	"slices"
	"strings"

	"github.com/fxrun/fxrun/internal/fault"
	"github.com/fxrun/fxrun/internal/nearest"
	"github.com/fxrun/fxrun/internal/typename"
)

// Leaf is one leaf of a config struct: a field that is not a section, with the
// content of its tags and of the options.
type Leaf struct {
	path   string // in a run config: "auth.user"
	goName string // "Auth.User"
	index  []int  // in the config struct, through pointers
	typ    reflect.Type
	text   string // default tag
	desc   string
	constraint

	key      string            // the environment variable; "" if none is read
	alt      string            // the variable that is read if key is not set; "" for none
	plain    string            // the name that envconfig would fall back to, without the prefix; see FromPlainEnv
	optional []optionalSection // the sections around the field that are behind pointers, the outermost first
	required bool
	secret   bool
	warning  string // see warnOfReadable
	atLaunch bool
	fixed    bool
}

// optionalSection is a nested struct that may be left out, because its field is a
// pointer.
type optionalSection struct {
	path  string // in a run config; "" for an embedded struct
	index []int
}

// Analyse finds the leaf fields of a config struct, and everything that is
// wrong with its type, its value or its options.
func (c *Definition) Analyse(shapes *Shapes) []error {
	if !c.value.IsValid() || c.value.Kind() != reflect.Struct {
		return []error{fault.Errorf("its config must be a struct, by value, not %s", kindOf(c.value))}
	}
	c.shapes = shapes
	shape := shapes.of(c)
	faults := slices.Clone(shape.faults)
	c.fields = shape.fields
	given := false
	for i := range c.fields {
		field := &c.fields[i]
		if value, ok := fieldByIndex(c.value, field.index); ok && !value.IsZero() {
			faults = append(faults, c.checkCode(field, value)...)
			given = true
		}
	}
	if given && len(faults) == 0 { // the checked value must not change later
		c.value = c.Copy(Resolved{Value: c.value})
	}
	if len(c.atLaunch)+len(c.fixed)+len(c.plain) == 0 {
		return faults
	}
	c.fields = slices.Clone(c.fields)
	c.mark(c.atLaunch, "AtLaunch", &faults, func(f *Leaf) { f.atLaunch = true })
	c.mark(c.fixed, "Fixed", &faults, func(f *Leaf) { f.fixed = true })
	c.mark(c.plain, "FromPlainEnv", &faults, func(f *Leaf) {
		if f.plain == "" {
			faults = append(faults, fault.Errorf("FromPlainEnv names the field %s, which has no envconfig tag or no prefix of FromEnv", f.goName))
		}
		f.alt = f.plain
	})
	faults = append(faults, c.checkPlain()...)
	for _, field := range c.fields {
		if field.atLaunch && field.fixed {
			faults = append(faults, fault.Errorf("field %s is both AtLaunch and Fixed", field.goName))
		}
	}
	return faults
}

// checkPlain finds two fields that read the same variable without a prefix.
func (c *Definition) checkPlain() []error {
	readers := make(map[string]string)
	for _, field := range c.fields {
		if field.key != "" {
			readers[field.key] = field.goName
		}
	}
	var faults []error
	for _, field := range c.fields {
		if field.alt == "" {
			continue
		}
		if other, ok := readers[field.alt]; ok {
			faults = append(faults, twoReaders(other, field.goName, field.alt))
		}
		readers[field.alt] = field.goName
	}
	return faults
}

func twoReaders(first, second, variable string) error {
	return fault.Errorf("config fields %s and %s both read the environment variable %s: give one an envconfig tag", first, second, variable)
}

// checkCode reports values in code that are not allowed. It does not report
// missing values in the structs of lists and maps, because a launch may give
// these lists and maps.
func (c *Definition) checkCode(field *Leaf, value reflect.Value) []error {
	var faults []error
	if must := field.violation(value); must != "" {
		faults = append(faults, fault.Errorf("config field %s: its value in code must %s", field.goName, must))
	}
	if err := c.shapes.storable(value); errors.Is(err, errFinite) {
		faults = append(faults, fault.Errorf("config field %s: its value in code: %w", field.goName, err))
	}
	_, inItems := c.shapes.complete("config field "+field.goName, value)
	for _, err := range inItems {
		if !faultOf(err, "").missing {
			faults = append(faults, err)
		}
	}
	return faults
}

func kindOf(value reflect.Value) string {
	if !value.IsValid() {
		return "nil"
	}
	return typename.Of(value.Type())
}

// mark sets an option on the fields that it names. If the name is that of a
// nested struct, it sets the option on all fields in this struct.
func (c *Definition) mark(names []string, option string, faults *[]error, set func(*Leaf)) {
	for _, name := range names {
		found := false
		for i := range c.fields {
			if c.fields[i].goName == name || strings.HasPrefix(c.fields[i].goName, name+".") {
				set(&c.fields[i])
				found = true
			}
		}
		if !found {
			*faults = append(*faults, fault.Errorf("%s names a field %q that %s does not have%s",
				option, name, c.value.Type(), nearest.SuggestionAmong(name, c.fields, func(f Leaf) string { return f.goName })))
		}
	}
}
