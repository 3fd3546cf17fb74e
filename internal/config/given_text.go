package config

import (
	"encoding/json"
	"reflect"
)

// GivenText is a config field that a launch gives a value for.
type GivenText struct {
	// Path is the path of the field in its config.
	Path string
	// Secret says that the field is a secret.
	Secret bool
	// Text differs for two values that are shown differently. A secret is masked in it, and a
	// value with a reference {env: NAME} is as it was given.
	Text string
}

// GivenTexts returns the fields that a launch gives, in the order of the config. It neither
// reads the environment nor validates the config.
func (c *Definition) GivenTexts(launch LaunchValues) []GivenText {
	var given []GivenText
	for i := range c.fields {
		field := &c.fields[i]
		if value, ok := launch[field.path]; ok && !value.broken {
			given = append(given, GivenText{field.path, field.secret, c.givenText(field, value)})
		}
	}
	return given
}

func (c *Definition) givenText(field *Leaf, given launchValue) string {
	switch {
	case field.secret:
		return Masked
	case given.node == nil:
		return c.shapes.show(given.value, false)
	case len(c.shapes.references(field.typ, given.node)) > 0:
		stored, _ := c.shapes.stored(given.node, field.typ, revealed)
		text, _ := json.Marshal(stored)
		return string(text)
	}
	value := reflect.New(field.typ).Elem()
	r := reading{shapes: c.shapes, lookUp: true} // a struct in a list is read only with lookUp, and there is nothing to look up
	r.read(given.node, value, "")
	return c.shapes.show(value, false)
}
