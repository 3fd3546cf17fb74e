package iomanagers

import (
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"unicode"
	"unicode/utf8"
	"unsafe"
)

// csvRows are rows in the memory of a slice.
type csvRows struct {
	columns *csvColumns
	memory  unsafe.Pointer
	size    uintptr // of an element
	n       int
}

// rowsIn returns the rows of a slice of the type of the columns.
func (c *csvColumns) rowsIn(slice reflect.Value) csvRows {
	return csvRows{columns: c, memory: slice.UnsafePointer(), size: slice.Type().Elem().Size(), n: slice.Len()}
}

// at returns where row i is, nil if it is behind a pointer that is nil.
func (r csvRows) at(i int) unsafe.Pointer {
	p := unsafe.Add(r.memory, uintptr(i)*r.size)
	if r.columns.behind {
		return *(*unsafe.Pointer)(p)
	}
	return p
}

// fresh returns where row i, which is zero, is to be put.
func (r csvRows) fresh(i int) unsafe.Pointer {
	p := unsafe.Add(r.memory, uintptr(i)*r.size)
	if r.columns.behind {
		row := reflect.New(r.columns.row).UnsafePointer()
		*(*unsafe.Pointer)(p) = row
		return row
	}
	return p
}

// holder returns the struct that is inlined as number within in a row, nil if it is behind a
// nil pointer. Number -1 is the row itself.
func (c *csvColumns) holder(row unsafe.Pointer, within int) unsafe.Pointer {
	if within < 0 {
		return row
	}
	p := c.holder(row, c.inlined[within].within)
	if p == nil {
		return nil
	}
	return *(*unsafe.Pointer)(unsafe.Add(p, c.inlined[within].offset))
}

// csvFormat writes rows as lines.
type csvFormat struct {
	columns *csvColumns
	comma   byte
	blank   []bool // the columns of the row that have no text; only for inlined pointers
}

// add appends the line of a row.
func (f *csvFormat) add(b []byte, row unsafe.Pointer) ([]byte, error) {
	c := f.columns
	for i := range c.all {
		column := &c.all[i]
		if i > 0 {
			b = append(b, f.comma)
		}
		start := len(b)
		var err error
		p := row
		if column.within >= 0 {
			p = c.holder(row, column.within)
		}
		if p != nil {
			if b, err = f.addCell(b, column, unsafe.Add(p, column.offset)); err != nil {
				return b, fmt.Errorf("column %q: %w", column.name, err)
			}
		}
		if f.blank != nil {
			f.blank[i] = len(b) == start
		}
		if len(c.all) == 1 && len(b) == start {
			if column.cell.text && (len(column.pointers) > 0 || column.within >= 0) {
				return b, fmt.Errorf("column %q: %w: the only column of a row is nil, and a line of CSV cannot show that apart from an empty text", column.name, ErrUnsupported)
			}
			b = append(b, `""`...) // a line with nothing on it is no row to most readers
		}
	}
	if err := f.checkInlined(row); err != nil {
		return b, err
	}
	return append(b, '\n'), nil
}

// checkInlined refuses structs behind pointers that would come back as nil.
func (f *csvFormat) checkInlined(row unsafe.Pointer) error {
	c := f.columns
next:
	for i, s := range c.inlined {
		if c.holder(row, i) == nil {
			continue
		}
		for column := s.first; column < s.last; column++ {
			if !f.blank[column] {
				continue next
			}
		}
		return fmt.Errorf("%w: %s is a pointer to a struct without any value, which would come back as nil", ErrUnsupported, s.field)
	}
	return nil
}

// addCell appends the text of the field at p.
func (f *csvFormat) addCell(b []byte, column *csvColumn, p unsafe.Pointer) ([]byte, error) {
	for i := range column.pointers {
		if p = *(*unsafe.Pointer)(p); p == nil {
			if i > 0 {
				return b, fmt.Errorf("%w: a pointer to a nil pointer would come back as nil", ErrUnsupported)
			}
			return b, nil
		}
	}
	start := len(b)
	b, err := column.cell.add(b, p, column.omitEmpty && len(column.pointers) == 0)
	if err != nil {
		return b, err
	}
	if len(b) == start && len(column.pointers) > 0 || len(b) == start && column.within >= 0 && column.cell.text {
		return append(b, `""`...), nil
	}
	if column.cell.text {
		return f.quoted(b, start)
	}
	return b, nil
}

// quoted puts the text from start in quotes if it needs them.
func (f *csvFormat) quoted(b []byte, start int) ([]byte, error) {
	text := b[start:]
	if len(text) == 0 || f.isPlain(text) {
		return b, nil
	}
	quotes, need := 0, text[0] == ' ' || text[0] == '\t' || text[0] == '\v' || text[0] == '\f' || string(text) == `\.` // as encoding/csv does, for PostgreSQL
	for _, c := range text {
		switch c {
		case '"':
			quotes++
			need = true
		case f.comma, '\r', '\n':
			need = true
		}
	}
	if !utf8.Valid(text) {
		return b, fmt.Errorf("%w: the text %.60q is not UTF-8: a field of type []byte takes any bytes", ErrUnsupported, text)
	}
	if !need && text[0] < utf8.RuneSelf {
		return b, nil
	}
	if first, _ := utf8.DecodeRune(text); !need && !unicode.IsSpace(first) && first != '\ufeff' {
		return b, nil
	}
	n := len(text)
	for range quotes + 2 {
		b = append(b, 0)
	}
	return b[:start+quoteInPlace(b[start:], n)], nil
}

// isPlain says that a text, which is not empty, needs no quotes, as most do not. It says so of
// letters of ASCII, digits and most signs.
func (f *csvFormat) isPlain(text []byte) bool {
	if first := text[0]; first == ' ' || first == '\\' || first == f.comma {
		return false
	}
	for _, c := range text {
		if c < ' ' || c >= 0x7f || c == '"' || c == f.comma {
			return false
		}
	}
	return true
}

// quoteInPlace puts the first n bytes in quotes, from their end, and returns how many they
// become. The memory is large enough.
func quoteInPlace(b []byte, n int) int {
	to := len(b) - 1
	b[to] = '"'
	for from := n - 1; from >= 0; from-- {
		to--
		b[to] = b[from]
		if b[from] == '"' {
			to--
			b[to] = '"'
		}
	}
	b[0] = '"'
	return len(b)
}

// csvField is the text of one field of a record.
type csvField struct {
	text   []byte
	quoted bool
}

func (f csvField) isBlank() bool { return len(f.text) == 0 && !f.quoted }

// set fills a row, which is zero, from the fields of a record. places holds the index of the
// field of each column, and texts makes the strings of each. It returns the index of the column
// that is wrong.
func (c *csvColumns) set(row unsafe.Pointer, record []csvField, places []int, texts []csvTexts) (int, error) {
	for i := range c.inlined {
		c.allocate(row, i, record, places)
	}
	for i := range c.all {
		column := &c.all[i]
		p := row
		if column.within >= 0 {
			if p = c.holder(row, column.within); p == nil {
				continue
			}
		}
		p = unsafe.Add(p, column.offset)
		f := record[places[i]]
		if column.cell.own && len(column.pointers) == 0 {
			*(*string)(p) = texts[i].of(f.text)
			continue
		}
		if err := column.set(p, f); err != nil {
			return i, err
		}
	}
	return 0, nil
}

// allocate makes an inlined struct if one of its columns is not blank.
func (c *csvColumns) allocate(row unsafe.Pointer, within int, record []csvField, places []int) {
	s := &c.inlined[within]
	p := c.holder(row, s.within)
	if p == nil {
		return
	}
	for i := s.first; i < s.last; i++ {
		if !record[places[i]].isBlank() {
			*(*unsafe.Pointer)(unsafe.Add(p, s.offset)) = reflect.New(s.t).UnsafePointer()
			return
		}
	}
}

// set makes the field at p, which is zero, that of the text.
func (column *csvColumn) set(p unsafe.Pointer, f csvField) error {
	cell := &column.cell
	empty := len(f.text) == 0
	if !empty && len(column.pointers) == 0 {
		if err := cell.set(p, f.text); err != nil {
			return valueFault(cell, f.text, err)
		}
		return nil
	}
	switch {
	case !empty:
	case f.quoted && cell.bytes:
	case !f.quoted && (cell.bytes || column.omitEmpty || len(column.pointers) > 0):
		return nil
	case !cell.text && (column.omitEmpty || len(column.pointers) > 0):
		return nil // some programs write all fields in quotes
	case !cell.text:
		return fmt.Errorf("%w: the field is empty, and that is no %s; a pointer takes an empty field as nil", ErrType, cell.want)
	}
	first := p
	for _, t := range column.pointers {
		value := reflect.New(t).UnsafePointer()
		*(*unsafe.Pointer)(p) = value
		p = value
	}
	err := cell.set(p, f.text)
	if err != nil && empty && len(column.pointers) > 0 {
		*(*unsafe.Pointer)(first) = nil // no value of the type has an empty text, so there is none
		return nil
	}
	if err != nil {
		return valueFault(cell, f.text, err)
	}
	return nil
}

// valueFault says why a text is no value of a type.
func valueFault(cell *csvCell, text []byte, err error) error {
	shown := string(text)
	if len(shown) > 60 {
		shown = shown[:60] + "..."
	}
	if _, ok := errors.AsType[*strconv.NumError](err); ok || errors.Is(err, strconv.ErrSyntax) {
		return fmt.Errorf("%w: %q is no %s", ErrType, shown, cell.want)
	}
	return fmt.Errorf("%w: %q is no %s: %w", ErrType, shown, cell.want, err)
}
