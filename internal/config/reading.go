package config

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/fxrun/fxrun/internal/typename"
)

// reading reads nodes of YAML into values of config types: types that read
// themselves from text, lists, maps, and structs with their launch names.
// Unlike the decoder of the YAML library, it accepts 5s for a duration, knows
// the json tags, and never quotes the text. It finds every fault.
type reading struct {
	shapes *Shapes
	// lookUp says that {env: NAME} is replaced by the value of the variable.
	// Otherwise it is only checked, and stands for the zero value.
	lookUp bool
	// secret says that no value may be in a fault.
	secret bool
	faults []*FieldError
}

// read reads a node into a value, which stands at a path.
func (r *reading) read(node *yaml.Node, into reflect.Value, at string) {
	node = followAlias(node)
	if name, ok := reference(into.Type(), node); ok {
		r.refer(name, node, into, at)
		return
	}
	switch t := into.Type(); {
	case t.Kind() == reflect.Pointer:
		if node.Kind == yaml.ScalarNode && node.Tag == "!!null" {
			into.SetZero()
			return
		}
		into.Set(reflect.New(t.Elem()))
		r.read(node, into.Elem(), at)
	case decodesText(t):
		r.check(node, into, at, readSelf(node, into))
	case t.Kind() == reflect.Struct:
		r.readStruct(node, into, at)
	case isBytes(t):
		r.check(node, into, at, readScalar(unwrapBase64(node), into))
	case t.Kind() == reflect.Slice, t.Kind() == reflect.Array:
		r.readList(node, into, at)
	case t.Kind() == reflect.Map:
		r.readMap(node, into, at)
	default:
		r.check(node, into, at, readScalar(node, into))
	}
}

// check reports a scalar that its type does not take.
func (r *reading) check(node *yaml.Node, into reflect.Value, at string, err error) {
	switch {
	case err == nil:
	case into.Type().Implements(reflect.TypeFor[hider]()) && !looksLikeReference(node):
		r.fail(node, at, "expected "+nameOfSecret(into, node))
	case errors.Is(err, errWrongKind):
		r.wrongKind(node, into.Type(), at)
	default:
		r.fail(node, at, err.Error())
	}
}

// nameOfSecret says what a secret is read from. A list or a map in a secret is written as
// text, since no part of it is a value of its own.
func nameOfSecret(secret reflect.Value, node *yaml.Node) string {
	held := bareType(secret.Interface().(hider).hiddenType())
	if node.Kind == yaml.ScalarNode || takesText(held) {
		return "a value of the secret's type"
	}
	switch held.Kind() {
	case reflect.Slice, reflect.Array:
		return `text, as in "a, b", because the whole list is a secret`
	case reflect.Map, reflect.Struct:
		return `text, as in "{a: x, b: y}", because all of it is a secret`
	}
	return "a value of the secret's type"
}

func (r *reading) fail(node *yaml.Node, at, message string) {
	fault := &FieldError{Path: at, Line: node.Line, Column: node.Column, Message: message}
	if node.Kind == yaml.ScalarNode && !r.secret {
		fault.Value = redact(node.Value)
	}
	r.faults = append(r.faults, fault)
}

func (r *reading) wrongKind(node *yaml.Node, t reflect.Type, at string) {
	if looksLikeReference(node) {
		r.fail(node, at, "a reference is {env: NAME} alone, else give the value itself")
		return
	}
	r.fail(node, at, fmt.Sprintf("expected %s, not %s", nameOfType(t), kindOfNode(node)))
	r.faults[len(r.faults)-1].wrongKind = true
}

func (r *reading) readList(node *yaml.Node, into reflect.Value, at string) {
	if node.Kind != yaml.SequenceNode {
		r.wrongKind(node, into.Type(), at)
		return
	}
	if into.Kind() == reflect.Slice {
		into.Set(reflect.MakeSlice(into.Type(), len(node.Content), len(node.Content)))
	}
	if len(node.Content) != into.Len() {
		r.fail(node, at, fmt.Sprintf("expected %d items, not %d", into.Len(), len(node.Content)))
		return
	}
	for i, item := range node.Content {
		r.read(item, into.Index(i), fmt.Sprintf("%s[%d]", at, i))
	}
}

func (r *reading) readMap(node *yaml.Node, into reflect.Value, at string) {
	t := into.Type()
	if name, ok := loneEnvironment(node); ok {
		node = mapNode("env:"+name, t)
	}
	if node.Kind != yaml.MappingNode {
		r.wrongKind(node, t, at)
		return
	}
	into.Set(reflect.MakeMap(t))
	seen := reflect.MakeMap(reflect.MapOf(t.Key(), reflect.TypeFor[bool]()))
	for i := 0; i+1 < len(node.Content); i += 2 {
		name := followAlias(node.Content[i])
		below := joinPath(at, name.Value)
		key, value := reflect.New(t.Key()).Elem(), reflect.New(t.Elem()).Elem()
		before := len(r.faults)
		r.read(keyNode(name, t.Key()), key, below)
		if len(r.faults) == before && seen.MapIndex(key).IsValid() {
			r.fail(name, below, "it stands there twice")
		}
		seen.SetMapIndex(key, reflect.ValueOf(true))
		r.read(node.Content[i+1], value, below)
		if len(r.faults) == before {
			into.SetMapIndex(key, value)
		}
	}
}

// keyNode returns the key of a map as its type reads it, because in JSON every
// key is text.
func keyNode(key *yaml.Node, t reflect.Type) *yaml.Node {
	if key.Kind != yaml.ScalarNode {
		return key
	}
	if t.Kind() == reflect.String && key.Tag == "!!null" {
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: key.Value, Line: key.Line, Column: key.Column}
	}
	node := nodeOfText(key.Value, t)
	node.Line, node.Column = key.Line, key.Column
	return node
}

// readStruct reads a struct in a list or a map, which is a config of its own.
func (r *reading) readStruct(node *yaml.Node, into reflect.Value, at string) {
	if node.Kind != yaml.MappingNode {
		r.wrongKind(node, into.Type(), at)
		return
	}
	item := r.shapes.item(into.Type())
	given := make(LaunchValues)
	faults := item.Read(given, at, node)
	if r.lookUp {
		resolved, more := item.Resolve(at, given)
		faults = append(faults, more...)
		into.Set(resolved.Value)
	} else {
		faults = append(faults, item.lacking(at, given)...)
	}
	for _, err := range faults {
		r.faults = append(r.faults, faultOf(err, at))
	}
}

// refer reads the value of an environment variable that a launch refers to.
func (r *reading) refer(name string, node *yaml.Node, into reflect.Value, at string) {
	if !variableName.MatchString(name) { // the name may be a secret, so it must not be in the error
		r.faults = append(r.faults, &FieldError{Path: at, Line: node.Line, Column: node.Column, Message: "{env: NAME} takes the name of a variable in upper case"})
		return
	}
	if !r.lookUp {
		return
	}
	text, isSet := os.LookupEnv(name)
	if !isSet {
		r.faults = append(r.faults, &FieldError{Path: at, Message: notSet(name, into.Type()), variable: true})
		return
	}
	if reason := r.shapes.readVariable(text, into); reason != "" {
		r.faults = append(r.faults, &FieldError{Path: at, Message: "the environment variable " + name + ", which the launch refers to, is " + reason, variable: true})
	}
}

func notSet(name string, t reflect.Type) string {
	text := "missing: the environment variable " + name + ", which the launch refers to, is not set"
	if t.Kind() == reflect.Map {
		text += "; a map whose only key is env is written as text, env:" + name
	}
	return text
}

// readVariable reads the text of a variable, or of a tag. If the text is not a
// value, it returns what is wrong, as in "not a valid int". Otherwise it
// returns "".
func (s *Shapes) readVariable(text string, into reflect.Value) string {
	r := reading{shapes: s, lookUp: true}
	r.read(nodeOfText(text, into.Type()), into, "")
	switch {
	case len(r.faults) == 0:
		return ""
	case strings.TrimSpace(text) == "":
		return "set, but empty"
	}
	reason := "not a valid " + typename.Of(into.Type())
	first := r.faults[0]
	if (first.wrongKind || strings.HasPrefix(first.Message, "the text is not a")) && first.Path == "" {
		return reason
	}
	if hasMapOfSecrets(into.Type()) {
		return reason // if a colon was forgotten, a key in the path may be a secret
	}
	return reason + ": " + strings.TrimPrefix(first.Path+": "+first.Message, ": ")
}
