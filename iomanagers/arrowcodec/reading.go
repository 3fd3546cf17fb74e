package arrowcodec

import (
	"fmt"
	"reflect"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/fxrun/fxrun/iomanagers"
)

// cells are the values of an array.
type cells struct {
	get getter
	// null tells of each value whether it is null. It is nil if none is.
	null func(i int) bool
}

type (
	// getter sets v, a zero value that can be set, to the i-th value.
	getter func(i int, v reflect.Value) *fault
	// opener returns the values of an array of the type that it was made for.
	opener func(a arrow.Array) cells
)

// must is get where a null is a fault, since a value of the Go type can't be null.
func (c cells) must(t reflect.Type) getter {
	if c.null == nil {
		return c.get
	}
	return func(i int, v reflect.Value) *fault {
		if c.null(i) {
			return &fault{reason: fmt.Sprintf("is null: declare *%v", t)}
		}
		return c.get(i, v)
	}
}

// plain makes the function open of a layout whose values are one cell.
func plain(open func(stored arrow.DataType) opener) func(arrow.DataType, string) (opener, error) {
	return func(stored arrow.DataType, _ string) (opener, error) { return open(stored), nil }
}

// reader returns what reads the arrays of a stored type, or why that can't be done without losing
// something.
func (l layout) reader(stored arrow.DataType, path string) (opener, error) {
	if l.nullable {
		return l.open(stored, path)
	}
	switch stored := stored.(type) {
	case *arrow.NullType:
		return func(arrow.Array) cells { return cells{null: func(int) bool { return true }} }, nil
	case *arrow.DictionaryType:
		open, err := l.reader(stored.ValueType, path)
		return dictionaries(open), err
	}
	open, err := l.open(stored, path)
	if err != nil {
		return nil, err
	}
	if open == nil {
		return nil, fmt.Errorf("%w: column %s is stored as %v, which is not read into %v: %s", iomanagers.ErrType, path, stored, l.goType, advice(stored))
	}
	return func(a arrow.Array) cells {
		c := open(a)
		if a.NullN() > 0 {
			c.null = a.IsNull
		}
		return c
	}, nil
}

// dictionaries reads columns whose values are numbers of the values of a dictionary. A null is
// either a number or a value.
func dictionaries(open opener) opener {
	return func(a arrow.Array) cells {
		from := a.(*array.Dictionary)
		values := from.Dictionary()
		held := open(values)
		c := cells{get: func(i int, v reflect.Value) *fault { return held.get(from.GetValueIndex(i), v) }}
		if from.NullN() > 0 || held.null != nil {
			c.null = func(i int) bool {
				return from.IsNull(i) || held.null != nil && held.null(from.GetValueIndex(i))
			}
		}
		if _, isText := values.(interface{ Value(i int) string }); isText {
			c.get = sharedTexts(c.get, from, values.Len())
		}
		return c
	}
}

// sharedTexts makes each text of a dictionary only once, however many values it stands for.
func sharedTexts(get getter, from *array.Dictionary, n int) getter {
	made := make([]*string, n)
	return func(i int, v reflect.Value) *fault {
		if v.Kind() != reflect.String {
			return get(i, v)
		}
		at := from.GetValueIndex(i)
		if made[at] == nil {
			if fault := get(i, v); fault != nil {
				return fault
			}
			text := v.String()
			made[at] = &text
		}
		v.SetString(*made[at])
		return nil
	}
}

// advice says what to declare for a stored type.
func advice(stored arrow.DataType) string {
	if declared := declaration(stored); declared != "" {
		return "declare " + declared
	}
	return "load record batches, []arrow.RecordBatch"
}

// declaration returns the Go type that takes each value of a stored type, "" if there is none.
func declaration(stored arrow.DataType) string {
	switch stored := stored.(type) {
	case *arrow.BooleanType:
		return "bool"
	case *arrow.Int8Type, *arrow.Int16Type, *arrow.Int32Type, *arrow.Int64Type, *arrow.Uint8Type, *arrow.Uint16Type, *arrow.Uint32Type, *arrow.Uint64Type:
		return stored.Name() // the names are those of Go
	case *arrow.Float16Type, *arrow.Float32Type:
		return "float32"
	case *arrow.Float64Type:
		return "float64"
	case *arrow.StringType, *arrow.LargeStringType, *arrow.StringViewType:
		return "string"
	case *arrow.BinaryType, *arrow.LargeBinaryType, *arrow.BinaryViewType, *arrow.FixedSizeBinaryType:
		return "[]byte"
	case *arrow.TimestampType, *arrow.Date32Type, *arrow.Date64Type:
		return "time.Time"
	case *arrow.Time32Type, *arrow.Time64Type, *arrow.DurationType:
		return "time.Duration"
	case arrow.DecimalType:
		return "string, or a struct type that has MarshalText and UnmarshalText"
	case *arrow.StructType:
		return "a struct"
	case *arrow.MapType:
		return "a map"
	case *arrow.ListType, *arrow.LargeListType, *arrow.FixedSizeListType:
		return "a slice"
	}
	return ""
}
