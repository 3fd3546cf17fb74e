package config

import (
	"encoding"
	"errors"
	"reflect"

	"go.yaml.in/yaml/v3"
)

// heldBy returns a secret of the type of the field, with the given value in it.
// It does not do so for a map, which may be {env: NAME}, and for an interface,
// whose type is not known.
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

// givenText returns the node of text or bytes without a change, because YAML
// would write some texts in another way than it reads them. YAML itself writes
// types that have methods for it.
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
		if recovered := recover(); recovered != nil { // the YAML library panics for functions and channels
			err = errors.ErrUnsupported
		}
	}()
	node = new(yaml.Node)
	return node, node.Encode(given)
}
