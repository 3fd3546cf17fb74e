package arrowcodec

import (
	"fmt"
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
	pointer.open = func(stored arrow.DataType, path string) (opener, error) {
		open, err := held.reader(stored, path)
		return pointers(open), err
	}
	return pointer
}

// pointers reads nulls as nil pointers.
func pointers(open opener) opener {
	return func(a arrow.Array) cells {
		held := open(a)
		return cells{get: func(i int, v reflect.Value) *fault {
			if held.null != nil && held.null(i) {
				return nil
			}
			value := reflect.New(v.Type().Elem())
			v.Set(value)
			return held.get(i, value.Elem())
		}}
	}
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
		open: func(stored arrow.DataType, path string) (opener, error) {
			items := itemsOf(stored)
			if items == nil {
				return nil, nil
			}
			open, err := element.reader(items, path+"[]")
			return lists(open, element.goType), err
		},
	}
}

// itemsOf returns the type of the items of lists, nil if a type is not that of lists. The lists of a
// view are left out: a few bytes of them may stand for any number of items.
func itemsOf(stored arrow.DataType) arrow.DataType {
	switch list := stored.(type) {
	case *arrow.ListType:
		return list.Elem()
	case *arrow.LargeListType:
		return list.Elem()
	case *arrow.FixedSizeListType:
		return list.Elem()
	}
	return nil
}

func lists(open opener, element reflect.Type) opener {
	return func(a arrow.Array) cells {
		from := a.(array.ListLike)
		get := open(from.ListValues()).must(element)
		return cells{get: func(i int, v reflect.Value) *fault {
			start, end := from.ValueOffsets(i)
			n := int(end - start)
			if n == 0 {
				return nil
			}
			v.Set(reflect.MakeSlice(v.Type(), n, n))
			for at := range n {
				if fault := get(int(start)+at, v.Index(at)); fault != nil {
					fault.path = fmt.Sprintf("[%d]%s", at, fault.path)
					return fault
				}
			}
			return nil
		}}
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
		open: func(stored arrow.DataType, path string) (opener, error) {
			group, ok := stored.(*arrow.StructType)
			if !ok {
				return nil, nil
			}
			reads, err := s.reader(group.Fields(), path+".")
			return groups(reads), err
		},
	}
}

func groups(reads []reading) opener {
	return func(a arrow.Array) cells {
		gets := opened(reads, a.(*array.Struct).Field)
		return cells{get: func(i int, v reflect.Value) *fault {
			for n, get := range gets {
				c := reads[n].column
				if fault := get(i, c.of(v)); fault != nil {
					fault.path = "." + c.name + fault.path
					return fault
				}
			}
			return nil
		}}
	}
}
