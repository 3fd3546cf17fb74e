package arrowcodec

import (
	"reflect"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
)

// pointerTo returns the layout of pointers to values: null where they are nil.
func pointerTo(held layout) layout {
	pointer := layout{dataType: held.dataType, nullable: true, width: held.width}
	if held.more != nil {
		pointer.more = func(v reflect.Value) int {
			if v.IsNil() {
				return 0
			}
			return held.more(v.Elem())
		}
	}
	pointer.put = func(b array.Builder) putter {
		put := held.put(b)
		return func(v reflect.Value) *fault {
			if v.IsNil() {
				b.AppendNull()
				return nil
			}
			return put(v.Elem())
		}
	}
	pointer.get = func(a arrow.Array) getter {
		get := held.get(a)
		return func(i int, v reflect.Value) error {
			if a.IsNull(i) {
				return nil
			}
			value := reflect.New(v.Type().Elem())
			v.Set(value)
			return get(i, value.Elem())
		}
	}
	return pointer
}

// listOf returns the layout of slices. A nil one is an empty list.
func listOf(element layout) layout {
	return layout{
		dataType: arrow.ListOfField(element.field("item")),
		width:    arrow.Int32SizeBytes,
		more: func(v reflect.Value) int {
			n := v.Len() * element.width
			if element.more != nil {
				for i := range v.Len() {
					n += element.more(v.Index(i))
				}
			}
			return n
		},
		put: func(b array.Builder) putter {
			to := b.(*array.ListBuilder)
			put := element.put(to.ValueBuilder())
			return func(v reflect.Value) *fault {
				to.Append(true)
				for i := range v.Len() {
					if fault := put(v.Index(i)); fault != nil {
						fault.path = "[]" + fault.path
						return fault
					}
				}
				return nil
			}
		},
		get: func(a arrow.Array) getter {
			from := a.(*array.List)
			get := element.read(from.ListValues())
			return func(i int, v reflect.Value) error {
				start, end := from.ValueOffsets(i)
				n := int(end - start)
				if n == 0 {
					return nil
				}
				v.Set(reflect.MakeSlice(v.Type(), n, n))
				for at := range n {
					if err := get(int(start)+at, v.Index(at)); err != nil {
						return err
					}
				}
				return nil
			}
		},
	}
}

// structLayout is how the fields of a struct lie in columns.
type structLayout struct{ columns []column }

type column struct {
	name  string
	index []int // of the field; more than one number leads through embedded structs
	layout
}

// of returns the column's field of a struct.
func (c column) of(v reflect.Value) reflect.Value {
	for _, i := range c.index {
		v = v.Field(i)
	}
	return v
}

func (s *structLayout) fields() []arrow.Field {
	fields := make([]arrow.Field, len(s.columns))
	for i, c := range s.columns {
		fields[i] = c.field(c.name)
	}
	return fields
}

func (s *structLayout) width() int {
	width := 0
	for _, c := range s.columns {
		width += c.width
	}
	return width
}

// more returns how many bytes a struct takes beyond width, nil if none ever does.
func (s *structLayout) more() func(v reflect.Value) int {
	var varied []column
	for _, c := range s.columns {
		if c.more != nil {
			varied = append(varied, c)
		}
	}
	if varied == nil {
		return nil
	}
	return func(v reflect.Value) int {
		n := 0
		for _, c := range varied {
			n += c.more(c.of(v))
		}
		return n
	}
}

// layout returns how the struct lies in one column.
func (s *structLayout) layout() layout {
	return layout{
		dataType: arrow.StructOf(s.fields()...),
		width:    s.width() + 1,
		more:     s.more(),
		put: func(b array.Builder) putter {
			to := b.(*array.StructBuilder)
			puts := make([]putter, len(s.columns))
			for i, c := range s.columns {
				puts[i] = c.put(to.FieldBuilder(i))
			}
			return func(v reflect.Value) *fault {
				to.Append(true)
				for i, c := range s.columns {
					if fault := puts[i](c.of(v)); fault != nil {
						fault.path = "." + c.name + fault.path
						return fault
					}
				}
				return nil
			}
		},
		get: func(a arrow.Array) getter {
			from := a.(*array.Struct)
			gets := s.read(from.DataType().(*arrow.StructType).Fields(), from.Field)
			return func(i int, v reflect.Value) error {
				for _, g := range gets {
					if err := g.get(i, g.column.of(v)); err != nil {
						return err
					}
				}
				return nil
			}
		},
	}
}

// reading is a column and what reads it.
type reading struct {
	column column
	get    getter
}

// read returns what reads those columns that are stored; the others may be null.
func (s *structLayout) read(stored []arrow.Field, array func(i int) arrow.Array) []reading {
	at := map[string]int{}
	for i, f := range stored {
		at[f.Name] = i
	}
	var readings []reading
	for _, c := range s.columns {
		if i, ok := at[c.name]; ok {
			readings = append(readings, reading{c, c.read(array(i))})
		}
	}
	return readings
}
