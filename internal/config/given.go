package config

import (
	"encoding"
	"errors"
	"reflect"

	"go.yaml.in/yaml/v3"
)

// heldBy returns the secret of the field's type that holds a value. A map may be
// {env: NAME}, and what an interface would hold is not known.
func heldBy(field *Leaf, value reflect.Value) (reflect.Value, bool) {
	secret, ok := reflect.Zero(field.typ).Interface().(hider)
	if !ok || field.typ.Kind() == reflect.Pointer {
		return reflect.Value{}, false
	}
	held := secret.hiddenType()
	if held.Kind() == reflect.Map || held.Kind() == reflect.Interface || !value.Type().AssignableTo(held) {
		return reflect.Value{}, false
	}
	return secret.holding(value), true
}

// givenText returns the node of text or bytes, as they are: YAML would write
// some of them in another way than it reads them. Types that write themselves are
// left to it.
func givenText(field *Leaf, value reflect.Value) (*yaml.Node, bool) {
	switch value.Interface().(type) {
	case yaml.Marshaler, encoding.TextMarshaler:
		return nil, false
	}
	bare := bareType(field.typ)
	takesText := bare.Kind() == reflect.String || bare.Kind() == reflect.Interface || unitOf(bare) == "bytes" || decodesText(bare)
	switch {
	case value.Kind() == reflect.String:
		return textNode(value.String()), true
	case takesText && value.Kind() == reflect.Slice && unitOf(value.Type()) == "bytes":
		return textNode(string(value.Bytes())), true
	}
	return nil, false
}

// encodeNode writes a Go value as YAML.
func encodeNode(given any) (node *yaml.Node, err error) {
	defer func() {
		if recovered := recover(); recovered != nil { // yaml panics at functions and channels
			err = errors.ErrUnsupported
		}
	}()
	node = new(yaml.Node)
	return node, node.Encode(given)
}
