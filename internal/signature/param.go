package signature

import (
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"go.uber.org/dig"
)

// Param is a value that a function asks for. For a group, Type is the type of a
// member, and the function gets a slice of members.
type Param struct {
	Key
	// Optional says that the parameter has its zero value if nothing provides it.
	Optional bool
	// Soft says that the parameter asks only for those members of its group that are
	// made for others.
	Soft bool
	// Keyed says of a group that the function gets a map from keys to members, and
	// not a slice of them. Fx itself has no such groups.
	Keyed bool

	argument int
	field    []int // in the argument, if that is an fx.In struct
}

func paramsOf(t reflect.Type, argument int) ([]Param, error) {
	if !isIn(t) {
		if fault := notAParam(t); fault != nil {
			return nil, fmt.Errorf("parameter %d is %w", argument+1, fault)
		}
		return []Param{{Key: Key{Type: t}, argument: argument}}, nil
	}
	var params []Param
	var faults []error
	eachField(t, reflect.TypeFor[dig.In](), func(field reflect.StructField, index []int, ignored bool) {
		param := Param{argument: argument, field: index}
		fault := param.readTags(field)
		switch {
		case ignored:
			return
		case !field.IsExported():
			fault = errors.New("it is not exported")
		case isIn(field.Type):
			return
		case fault == nil && param.Group == "":
			if wrong := notAParam(field.Type); wrong != nil {
				fault = fmt.Errorf("it is %w", wrong)
			}
		}
		if fault != nil {
			faults = append(faults, fmt.Errorf("field %s of %s: %w", field.Name, t, fault))
			return
		}
		params = append(params, param)
	})
	return params, errors.Join(faults...)
}

// notAParam returns the error of a type that a function cannot ask for.
func notAParam(t reflect.Type) error {
	switch {
	case t.Kind() == reflect.Pointer && isIn(t.Elem()):
		return errors.New("a pointer to an fx.In struct: take it by value")
	case isOut(t), t.Kind() == reflect.Pointer && isOut(t.Elem()):
		return errors.New("an fx.Out struct: parameters embed fx.In")
	}
	return nil
}

func (p *Param) readTags(field reflect.StructField) error {
	p.Type, p.Name = field.Type, field.Tag.Get("name")
	if optional, ok := field.Tag.Lookup("optional"); ok {
		value, err := strconv.ParseBool(optional)
		if err != nil {
			return fmt.Errorf("tag optional:%q is neither true nor false", optional)
		}
		p.Optional = value
	}
	group := field.Tag.Get("group")
	if group == "" {
		return nil
	}
	name, option, _ := strings.Cut(group, ",")
	switch {
	case p.Optional:
		return errors.New("a group is never optional: without members it is an empty slice")
	case option != "" && option != "soft":
		return fmt.Errorf("tag group:%q has an unknown option %q: soft is the only one for a parameter", group, option)
	case p.Name != "":
		return errors.New("it has a name and a group: use one of them")
	case field.Type.Kind() == reflect.Map && field.Type.Key() == reflect.TypeFor[string]():
		p.Keyed = true
	case field.Type.Kind() != reflect.Slice:
		return fmt.Errorf("a group is received as a slice, or with keys as a map[string], not as %s", field.Type)
	}
	p.Group, p.Type, p.Soft = name, field.Type.Elem(), option == "soft"
	return nil
}
