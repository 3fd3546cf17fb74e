package config

import (
	"fmt"
	"reflect"
	"slices"
)

// leftOut finds the sections that are left out. Such a section is behind a
// pointer, no layer gives a part of it, and a required field in it would be
// missing. Or the launch sets the section to null. If another layer gives a
// part of a section that is null, this is a fault.
func (c *Definition) leftOut(at string, launch LaunchValues) (map[string]bool, []error) {
	left := make(map[string]bool)
	var faults []error
	for _, section := range c.optionalSections() {
		given := launch[section.path]
		switch touched := c.touched(section, launch); {
		case given.null && touched:
			faults = append(faults, &FieldError{
				Path: joinPath(at, section.path), Line: given.node.Line, Column: given.node.Column,
				Message: "it is null, but code, the environment or another part of the launch gives it",
			})
		case !touched && (given.null || c.lacks(section, left)):
			left[section.key()] = true
		}
	}
	return left, faults
}

// optionalSections returns the sections behind pointers, the innermost first.
func (c *Definition) optionalSections() []optionalSection {
	var sections []optionalSection
	known := make(map[string]bool)
	for _, field := range c.fields {
		for _, section := range field.optional {
			if !known[section.key()] {
				known[section.key()] = true
				sections = append(sections, section)
			}
		}
	}
	slices.SortStableFunc(sections, func(a, b optionalSection) int { return len(b.index) - len(a.index) })
	return sections
}

// lacks reports whether a section has a required field without a default tag.
func (c *Definition) lacks(s optionalSection, left map[string]bool) bool {
	return slices.ContainsFunc(c.fields, func(f Leaf) bool {
		return f.within(s) && f.required && f.text == "" && !f.isIn(left)
	})
}

// touched reports whether a layer above the default tags gives a section, or a
// field in it.
func (c *Definition) touched(s optionalSection, launch LaunchValues) bool {
	if pointer, ok := fieldByIndex(c.value, s.index); ok && !pointer.IsNil() || launch[s.path].section {
		return true
	}
	for i := range c.fields {
		field := &c.fields[i]
		if !field.within(s) {
			continue
		}
		if _, ok := launch[field.path]; ok || field.atLaunch {
			return true
		}
		if _, _, isSet := field.variable(); isSet {
			return true
		}
		for _, inner := range field.optional {
			if len(inner.index) > len(s.index) && inner.path != "" && launch[inner.path].section {
				return true
			}
		}
	}
	return false
}

// makeSections makes the sections for which a launch gives no field.
func (c *Definition) makeSections(config reflect.Value, launch LaunchValues) {
	for _, field := range c.fields {
		for _, section := range field.optional {
			pointer, ok := fieldByIndex(config, section.index)
			if ok && pointer.IsNil() && section.path != "" && launch[section.path].section {
				setByIndex(config, section.index, reflect.New(pointer.Type().Elem()))
			}
		}
	}
}

func (s optionalSection) key() string { return fmt.Sprint(s.index) }

func (f *Leaf) within(s optionalSection) bool {
	return slices.ContainsFunc(f.optional, func(outer optionalSection) bool { return slices.Equal(outer.index, s.index) })
}

func (f *Leaf) isIn(left map[string]bool) bool {
	return len(left) > 0 && slices.ContainsFunc(f.optional, func(outer optionalSection) bool { return left[outer.key()] })
}
