package iomanagers

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// csvColumns are the columns of a type of rows, in the order of its fields.
type csvColumns struct {
	all []csvColumn
	// inlined are the structs behind embedded pointers, the outer before the inner.
	inlined []csvInlined
	row     reflect.Type // the struct
	behind  bool         // rows are pointers to it
	// parallel says that no method of a user's type makes or reads the text, so that cells may
	// be made and read in several goroutines.
	parallel bool
}

// csvColumn is one field of a row, at an offset from the start of the struct that holds it.
type csvColumn struct {
	name      string
	field     string // as in Go
	within    int    // the index of the struct among the inlined ones, -1 for the row itself
	offset    uintptr
	pointers  []reflect.Type // what the pointers of the field point to, the outer before the inner
	omitEmpty bool
	cell      csvCell
}

// csvInlined is a struct behind a pointer whose fields are columns of the row. The pointer is
// nil if all of these columns are blank.
type csvInlined struct {
	within      int
	offset      uintptr // of the pointer, in the struct that holds it
	t           reflect.Type
	field       string
	first, last int // its columns
}

// columnsOf returns the columns of slices of structs, or of pointers to them.
func columnsOf(slice reflect.Type) (csvColumns, error) {
	row, ok := rowType(slice)
	if !ok {
		return csvColumns{}, fmt.Errorf("%w: it takes slices of structs, not %v", ErrType, slice)
	}
	search := csvSearch{row: row}
	search.walk(csvPlace{t: row, path: row.String(), within: -1}, map[reflect.Type]bool{})
	found := search.visible()
	if len(found) == 0 && len(search.faults) == 0 {
		search.fault("%v has no column: no exported field", row)
	}
	if err := errors.Join(search.faults...); err != nil {
		return csvColumns{}, err
	}
	columns := csvColumns{row: row, behind: slice.Elem().Kind() == reflect.Pointer, inlined: search.inlined, parallel: true}
	for i, f := range found {
		columns.all = append(columns.all, f.csvColumn)
		columns.parallel = columns.parallel && !f.cell.foreign
		for within := f.within; within >= 0; within = columns.inlined[within].within {
			if s := &columns.inlined[within]; s.last == 0 {
				s.first, s.last = i, i+1
			} else {
				s.last = i + 1
			}
		}
	}
	// A struct all of whose fields are hidden has nothing that could be written or read.
	return columns, nil
}

// names returns the names of the columns, which are the header.
func (c csvColumns) names() []string {
	names := make([]string, len(c.all))
	for i, column := range c.all {
		names[i] = column.name
	}
	return names
}

// csvSearch finds the fields that are columns. The tags are those of
// github.com/jszwec/csvutil, and one for the layout of times.
type csvSearch struct {
	row     reflect.Type
	found   []csvFound
	inlined []csvInlined
	faults  []error
}

// csvFound is a field that may be a column, unless a less deep one has its name.
type csvFound struct {
	csvColumn
	depth int
}

// csvPlace is a struct in which fields are looked for.
type csvPlace struct {
	t      reflect.Type
	path   string
	prefix string // of the names of its columns
	depth  int
	within int
	offset uintptr
}

// fault notes what is wrong with the type.
func (s *csvSearch) fault(format string, args ...any) {
	s.faults = append(s.faults, fmt.Errorf("%w: "+format, append([]any{ErrType}, args...)...))
}

// walk notes the fields of a struct. way holds the structs that are being walked.
func (s *csvSearch) walk(place csvPlace, way map[reflect.Type]bool) {
	if way[place.t] {
		s.fault("%v is inlined in itself", place.t)
		return
	}
	way[place.t] = true
	defer delete(way, place.t)
	for f := range fields(place.t) {
		t := f.Type
		if t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		tag := tagOf(f)
		embedded := f.Anonymous && t.Kind() == reflect.Struct
		if tag.ignored || !f.IsExported() && !embedded {
			continue
		}
		path := place.path + "." + f.Name
		if inlined := embedded && tag.bare || tag.inline && t.Kind() == reflect.Struct; inlined {
			s.inline(place, f, t, path, tag, way)
			continue
		}
		if !f.IsExported() {
			s.fault("%s is unexported, and only fields of an embedded struct without a tag can be reached", path)
			continue
		}
		s.column(place, f, path, tag)
	}
}

// inline notes the fields of a struct in a field as columns of the row.
func (s *csvSearch) inline(place csvPlace, f reflect.StructField, t reflect.Type, path string, tag csvTag, way map[reflect.Type]bool) {
	inner := csvPlace{t: t, path: path, prefix: place.prefix + tag.prefix, depth: place.depth + 1, within: place.within, offset: place.offset + f.Offset}
	switch {
	case f.Type.Kind() == reflect.Pointer && !f.IsExported():
		s.fault("%s is an embedded pointer to an unexported type, which cannot be set", path)
		return
	case f.Type.Kind() == reflect.Pointer:
		s.inlined = append(s.inlined, csvInlined{within: place.within, offset: inner.offset, t: t, field: path})
		inner.within, inner.offset = len(s.inlined)-1, 0
	}
	before := len(s.found)
	s.walk(inner, way)
	if len(s.found) == before && hasText(t) {
		s.fault("%s is embedded and has no exported field, so its text would be lost: name its column by a tag", path)
	}
}

// column notes one field as a column.
func (s *csvSearch) column(place csvPlace, f reflect.StructField, path string, tag csvTag) {
	column := csvColumn{name: place.prefix + tag.name, field: path, within: place.within, offset: place.offset + f.Offset, omitEmpty: tag.omitEmpty}
	t := f.Type
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
		column.pointers = append(column.pointers, t)
	}
	layout, hasLayout := f.Tag.Lookup("layout")
	var err error
	if column.cell, err = cellOf(t, layout, hasLayout); err != nil {
		s.fault("%s %w", path, err)
		return
	}
	s.found = append(s.found, csvFound{csvColumn: column, depth: place.depth})
}

// visible returns the fields that are columns. As in Go, the least deep of several fields with
// one name hides the others. Two at the same depth are a fault.
func (s *csvSearch) visible() []csvFound {
	least := map[string]int{}
	for _, f := range s.found {
		if depth, taken := least[f.name]; !taken || f.depth < depth {
			least[f.name] = f.depth
		}
	}
	seen := map[string]string{}
	return slices.DeleteFunc(s.found, func(f csvFound) bool {
		if f.depth > least[f.name] {
			return true
		}
		if first, taken := seen[f.name]; taken {
			s.fault("%s and %s are both the column %q", first, f.field, f.name)
		}
		seen[f.name] = f.field
		return false
	})
}

// csvTag is what the tag csv of a field says.
type csvTag struct {
	name, prefix      string
	bare              bool // there is no tag
	ignored           bool
	inline, omitEmpty bool
}

func tagOf(f reflect.StructField) csvTag {
	text := f.Tag.Get("csv")
	if text == "" {
		return csvTag{name: f.Name, bare: true}
	}
	options := strings.Split(text, ",")
	tag := csvTag{name: options[0], prefix: options[0], ignored: options[0] == "-"}
	if tag.name == "" {
		tag.name = f.Name
	}
	tag.omitEmpty = slices.Contains(options[1:], "omitempty")
	tag.inline = slices.Contains(options[1:], "inline")
	return tag
}
