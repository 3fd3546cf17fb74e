package config

import (
	"encoding/json"
	"reflect"
)

// GivenField is a config field that a launch gives a value for.
type GivenField struct {
	// Path is the path of the field in its config.
	Path string
	// Secret says that the field is a secret.
	Secret bool

	field  *Leaf
	value  launchValue
	shapes *Shapes
}

// Given returns the fields that a launch gives, in the order of the config. It neither reads
// the environment nor validates the config.
func (c *Definition) Given(launch LaunchValues) []GivenField {
	var given []GivenField
	for i := range c.fields {
		field := &c.fields[i]
		if value, ok := launch[field.path]; ok && !value.broken {
			given = append(given, GivenField{field.path, field.secret, field, value, c.shapes})
		}
	}
	return given
}

// Text returns a text that differs for two values of the field that are shown differently. A
// secret is masked in it, and a value with a reference {env: NAME} is as it was given.
func (g GivenField) Text() string {
	switch {
	case g.Secret:
		return Masked
	case g.value.node == nil:
		return g.shapes.show(g.value.value, false)
	case len(g.shapes.references(g.field.typ, g.value.node)) > 0:
		stored, _ := g.shapes.stored(g.value.node, g.field.typ, revealed)
		text, _ := json.Marshal(stored)
		return string(text)
	}
	value := reflect.New(g.field.typ).Elem()
	r := reading{shapes: g.shapes, lookUp: true} // a struct in a list is read only with lookUp, and there is nothing to look up
	r.read(g.value.node, value, "")
	return g.shapes.show(value, false)
}
