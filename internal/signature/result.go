package signature

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"go.uber.org/dig"
)

// Result is a value that a function gives. For a group, Type is the type of a member.
type Result struct {
	Key
	// Flatten says that the value is a slice of group members.
	Flatten bool

	result int
	field  []int
}

// FromStruct reports whether the result is a field of an fx.Out struct.
func (r Result) FromStruct() bool { return r.field != nil }

func resultsOf(t reflect.Type, position int) ([]Result, error) {
	if !isOut(t) {
		if fault := notAResult(t); fault != nil {
			return nil, fmt.Errorf("result %d is %w", position+1, fault)
		}
		return []Result{{Key: Key{Type: t}, result: position}}, nil
	}
	var results []Result
	var faults []error
	eachField(t, reflect.TypeFor[dig.Out](), func(field reflect.StructField, index []int, _ bool) {
		result := Result{result: position, field: index}
		fault := result.readTags(field)
		switch {
		case !field.IsExported():
			fault = errors.New("it is not exported")
		case isOut(field.Type):
			return
		case field.Type == errorType:
			fault = errors.New("an error is returned as the function's last result")
		case fault == nil && result.Group == "":
			if wrong := notAResult(field.Type); wrong != nil {
				fault = fmt.Errorf("it is %w", wrong)
			}
		}
		if fault != nil {
			faults = append(faults, fmt.Errorf("field %s of %s: %w", field.Name, t, fault))
			return
		}
		results = append(results, result)
	})
	return results, errors.Join(faults...)
}

// notAResult returns the error of a type that a function cannot give.
func notAResult(t reflect.Type) error {
	switch {
	case t.Kind() == reflect.Pointer && isOut(t.Elem()):
		return errors.New("a pointer to an fx.Out struct: return it by value")
	case isIn(t), t.Kind() == reflect.Pointer && isIn(t.Elem()):
		return errors.New("an fx.In struct: results embed fx.Out")
	}
	return nil
}

func (r *Result) readTags(field reflect.StructField) error {
	r.Type, r.Name = field.Type, field.Tag.Get("name")
	group := field.Tag.Get("group")
	if group == "" {
		return nil
	}
	name, option, _ := strings.Cut(group, ",")
	switch {
	case option != "" && option != "flatten":
		return fmt.Errorf("tag group:%q has an unknown option %q: flatten is the only one for a result", group, option)
	case r.Name != "":
		return errors.New("it has a name and a group: use one of them")
	}
	r.Group = name
	if option == "flatten" {
		if field.Type.Kind() != reflect.Slice {
			return fmt.Errorf("only a slice can be flattened, not %s", field.Type)
		}
		r.Flatten, r.Type = true, field.Type.Elem()
	}
	return nil
}

// ValueType returns the type of the value that a function gives for the result: for
// a flattened group a slice of its members.
func (r Result) ValueType() reflect.Type {
	if r.Flatten {
		return reflect.SliceOf(r.Type)
	}
	return r.Type
}
