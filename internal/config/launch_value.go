package config

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/fxrun/fxrun/internal/nearest"
)

// launchValue is the value of one config field at launch: a node of YAML, or a
// Go value of the type of the field.
type launchValue struct {
	node    *yaml.Node
	value   reflect.Value
	section bool   // not a field but a section, which the launch gives
	null    bool   // not a field but a section, which the launch sets to null
	broken  bool   // the value is of the wrong type, and this is reported already
	by      string // who has given it; "" if that is not known
	refused bool   // the value is of the right type but not allowed, and this is reported already
}

// LaunchValues has the values that a launch gives for one config, by the path
// of the field.
type LaunchValues map[string]launchValue

// Read reads one source of a run config for this config: a struct of the config
// type, Fields, or a node of YAML. Later calls override earlier ones, field by
// field.
func (c *Definition) Read(into LaunchValues, at string, source any) []error {
	switch source := source.(type) {
	case nil:
		return nil
	case layers:
		var faults []error
		for _, layer := range source {
			faults = append(faults, c.Read(into, at, layer)...)
		}
		return faults
	case attributed:
		own := make(LaunchValues)
		faults := c.Read(own, at, source.source)
		for path, value := range own {
			value.by = cmp.Or(value.by, source.by)
			into[path] = value
		}
		return faults
	case *yaml.Node:
		return c.readNode(into, at, "", source)
	case Fields:
		return c.readFields(into, at, "", source)
	case map[string]any:
		return c.readFields(into, at, "", source)
	}
	value := reflect.ValueOf(source)
	if value.Kind() == reflect.Pointer && !value.IsNil() {
		value = value.Elem()
	}
	if value.Type() != c.value.Type() {
		return []error{&FieldError{Path: at, Message: fmt.Sprintf("expected a %s, container.Fields or YAML, not a %T", c.value.Type(), source)}}
	}
	return c.readStruct(into, at, value)
}

// readStruct reads the fields of a struct that are not zero, and the sections
// behind its pointers.
func (c *Definition) readStruct(into LaunchValues, at string, value reflect.Value) []error {
	var faults []error
	for i := range c.fields {
		field := &c.fields[i]
		for _, section := range field.optional {
			if pointer, ok := fieldByIndex(value, section.index); ok && !pointer.IsNil() && section.path != "" {
				into[section.path] = launchValue{section: true}
			}
		}
		if fieldValue, ok := fieldByIndex(value, field.index); ok && !fieldValue.IsZero() {
			faults = append(faults, c.take(into, at, field, fieldValue)...)
		}
	}
	return faults
}

// take keeps a Go value for a field.
func (c *Definition) take(into LaunchValues, at string, field *Leaf, value reflect.Value) []error {
	path := joinPath(at, field.path)
	faults := c.checkFixed(at, field, nil)
	value, more := c.shapes.complete(path, filled(value))
	if err := c.shapes.storable(value); err != nil {
		more = append(more, &FieldError{Path: path, Message: err.Error()})
	}
	if len(more) > 0 {
		into[field.path] = launchValue{broken: true}
		return append(faults, more...)
	}
	refusals := refuse(path, field, value, nil)
	into[field.path] = launchValue{value: value, refused: len(refusals) > 0}
	return append(faults, refusals...)
}

// refuse reports a value that the tags of the field do not allow.
func refuse(path string, field *Leaf, value reflect.Value, node *yaml.Node) []error {
	must := field.violation(value)
	if must == "" {
		return nil
	}
	r := reading{secret: field.secret}
	if node == nil {
		node = new(yaml.Node)
	}
	r.fail(node, path, "it must "+must)
	return errorsOf(r.faults)
}

// fieldByIndex does what reflect.Value.FieldByIndex does, but returns false at
// a nil pointer.
func fieldByIndex(value reflect.Value, index []int) (reflect.Value, bool) {
	for i, at := range index {
		if i > 0 && value.Kind() == reflect.Pointer {
			if value.IsNil() {
				return reflect.Value{}, false
			}
			value = value.Elem()
		}
		value = value.Field(at)
	}
	return value, true
}

func (c *Definition) field(path string) (*Leaf, bool) {
	for i := range c.fields {
		if c.fields[i].path == path {
			return &c.fields[i], true
		}
	}
	return nil, false
}

// isSection reports whether path is a nested struct of the config.
func (c *Definition) isSection(path string) bool {
	for _, field := range c.fields {
		if strings.HasPrefix(field.path, path+".") {
			return true
		}
	}
	return false
}

func (c *Definition) unknownField(at, path string, node *yaml.Node) error {
	section, _, _ := cutLast(path)
	var siblings []string
	for _, field := range c.fields {
		rest := field.path
		if section != "" {
			var ok bool
			if rest, ok = strings.CutPrefix(field.path, section+"."); !ok {
				continue
			}
		}
		name, _, _ := strings.Cut(rest, ".")
		if !slices.Contains(siblings, name) {
			siblings = append(siblings, name)
		}
	}
	_, name, _ := cutLast(path)
	text := nearest.Suggestion(name, siblings)
	if text == "" && len(siblings) > 0 {
		text = ", only " + strings.Join(siblings, ", ")
	}
	fault := &FieldError{Path: joinPath(at, path), Message: "there is no such field" + text}
	if node != nil {
		fault.Line, fault.Column = node.Line, node.Column
	}
	return fault
}

// cutLast splits a path before its last name.
func cutLast(path string) (section, name string, found bool) {
	if i := strings.LastIndexByte(path, '.'); i >= 0 {
		return path[:i], path[i+1:], true
	}
	return "", path, false
}

func (c *Definition) readFields(into LaunchValues, at, section string, fields map[string]any) []error {
	if section != "" {
		into[section] = launchValue{section: true}
	}
	var faults []error
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		faults = append(faults, c.readField(into, at, joinPath(section, name), fields[name])...)
	}
	return faults
}

func (c *Definition) readField(into LaunchValues, at, path string, given any) []error {
	if c.isSection(path) {
		return c.readSection(into, at, path, given)
	}
	field, ok := c.field(path)
	if !ok {
		return []error{c.unknownField(at, path, nil)}
	}
	switch given := given.(type) {
	case *yaml.Node:
		return c.readLeaf(into, at, field, given)
	case setText:
		return c.readLeaf(into, at, field, nodeOfText(given.text, field.typ))
	}
	value := reflect.ValueOf(given)
	if value.IsValid() && value.Type().AssignableTo(field.typ) {
		return c.take(into, at, field, value)
	}
	if value.IsValid() {
		if secret, ok := heldBy(field, value); ok {
			return c.take(into, at, field, secret)
		}
		if node, ok := givenText(field, value); ok {
			return c.readLeaf(into, at, field, node)
		}
	}
	if value.IsValid() && holdsSecret(value) { // YAML would write its mask
		into[path] = launchValue{broken: true}
		return []error{&FieldError{Path: joinPath(at, path), Message: fmt.Sprintf("expected %s, not a %T", nameOfType(field.typ), given)}}
	}
	node, err := encodeNode(given)
	if err != nil {
		into[path] = launchValue{broken: true}
		return []error{&FieldError{Path: joinPath(at, path), Message: fmt.Sprintf("a %T can't be written as YAML", given)}}
	}
	return c.readLeaf(into, at, field, node)
}

// readSection reads the value that was given for a nested struct.
func (c *Definition) readSection(into LaunchValues, at, path string, given any) []error {
	switch given := given.(type) {
	case Fields:
		return c.readFields(into, at, path, given)
	case map[string]any:
		return c.readFields(into, at, path, given)
	case *yaml.Node:
		return c.readNode(into, at, path, given)
	case setText:
		return c.readNode(into, at, path, flowNode(strings.TrimSpace(given.text), yaml.MappingNode))
	}
	return []error{&FieldError{Path: joinPath(at, path), Message: fmt.Sprintf("expected fields, not a %T", given)}}
}

func (c *Definition) readNode(into LaunchValues, at, section string, node *yaml.Node) []error {
	switch node := followAlias(node); {
	case section == "":
	case node.Kind == yaml.MappingNode:
		into[section] = launchValue{section: true}
	case node.Kind == yaml.ScalarNode && node.Tag == "!!null" && node.Value != "": // without any text it is a blank of a template
		into[section] = launchValue{node: node, null: true} // this has an effect if the section is behind a pointer
	}
	var faults []error
	eachEntry(node, joinPath(at, section), &faults, func(name, value *yaml.Node) {
		path := joinPath(section, name.Value)
		if c.isSection(path) {
			faults = append(faults, c.readNode(into, at, path, value)...)
			return
		}
		field, ok := c.field(path)
		if !ok {
			faults = append(faults, c.unknownField(at, path, name))
			return
		}
		faults = append(faults, c.readLeaf(into, at, field, value)...)
	})
	return faults
}

// readLeaf keeps a node for a field. It first reads the node as a trial, so
// that a wrong type is found now, and not when the run starts.
func (c *Definition) readLeaf(into LaunchValues, at string, field *Leaf, node *yaml.Node) []error {
	node = followAlias(node)
	path := joinPath(at, field.path)
	if field.mustBeGiven() && !c.item && node.Tag == "!!null" && field.typ.Kind() != reflect.Pointer {
		return nil // a blank of a template that nobody filled in counts as not given
	}
	faults := c.checkFixed(at, field, node)
	trial := reflect.New(field.typ).Elem()
	r := reading{shapes: c.shapes, secret: field.secret}
	r.read(node, trial, path)
	if err := c.shapes.storable(trial); errors.Is(err, errNotUTF8) {
		r.fail(node, path, err.Error())
	}
	if len(r.faults) > 0 {
		into[field.path] = launchValue{node: node, broken: true}
		return append(faults, errorsOf(r.faults)...)
	}
	var refusals []error
	if _, ok := reference(field.typ, node); !ok {
		refusals = refuse(path, field, trial, node)
	}
	into[field.path] = launchValue{node: node, refused: len(refusals) > 0}
	return append(faults, refusals...)
}

func (c *Definition) checkFixed(at string, field *Leaf, node *yaml.Node) []error {
	if !field.fixed {
		return nil
	}
	fault := &FieldError{Path: joinPath(at, field.path), Message: "the field is fixed, a launch may not set it"}
	if node != nil {
		fault.Line, fault.Column = node.Line, node.Column
	}
	return []error{fault}
}
