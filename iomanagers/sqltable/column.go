package sqltable

import (
	"database/sql/driver"
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/fxrun/fxrun/internal/snakecase"
	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/iomanagers/internal/secrets"
	"github.com/fxrun/fxrun/rows"
)

// class is a kind of column that every database has in some form.
type class int

const (
	integers class = iota + 1
	floats
	booleans
	texts
	blobs
	times
	documents // JSON
	decimals  // of which only somebody else makes columns
)

func (c class) String() string {
	return [...]string{"", "integers", "floats", "booleans", "text", "bytes", "times", "JSON", "decimals"}[c]
}

// column is one field of a row.
type column struct {
	name     string
	index    []int        // the way to the field
	pointer  bool         // the field is a pointer: nil is NULL
	typ      reflect.Type // of the field, or what it points to
	class    class
	bits     int  // of integers and floats: 16, 32 or 64
	marshals bool // it is text because the type marshals itself as such
}

// of returns the field of a row.
func (c *column) of(row reflect.Value) reflect.Value {
	if len(c.index) == 1 {
		return row.Field(c.index[0])
	}
	return row.FieldByIndex(c.index)
}

// The columns that rows have beside their own.
const (
	partitionColumn = "_partition"
	rowColumn       = "_row"
	rowIDColumn     = "_rowid_" // SQLite's own
)

const (
	mostColumns = 1000 // fewer than any database takes
)

// schema is what is known of a type of rows.
type schema struct {
	shape   rows.Shape
	columns []column
}

// schemaOf returns the columns of rows of type t, in any form. Its error matches
// iomanagers.ErrType and names all that is wrong.
func schemaOf(t reflect.Type) (*schema, error) {
	shape, ok := rows.Of(t)
	if !ok {
		return nil, fmt.Errorf("%w: a table takes rows: slices or streams of structs, not %v", iomanagers.ErrType, t)
	}
	row := shape.Element
	if row.Kind() == reflect.Pointer {
		row = row.Elem()
	}
	if row.Kind() != reflect.Struct || row == timeType {
		return nil, fmt.Errorf("%w: a table takes rows that are structs, not %v", iomanagers.ErrType, shape.Element)
	}
	if secret := secrets.Find(row); secret != "" {
		return nil, fmt.Errorf("%w: %s is a container.Secret, of which only the mask would be stored", iomanagers.ErrType, secret)
	}
	var faults []error
	columns := columnsOf(row, nil, row.String(), &faults)
	taken := map[string]string{partitionColumn: "the partition", rowColumn: "the order of rows", rowIDColumn: "SQLite's own"}
	for _, c := range columns {
		field := row.FieldByIndex(c.index).Name
		key := strings.ToLower(c.name)
		if other, ok := taken[key]; ok {
			faults = append(faults, fmt.Errorf("%v.%s: the column %s is taken by %s: name another by a db tag", row, field, c.name, other))
		}
		taken[key] = field
	}
	switch {
	case len(columns) == 0 && len(faults) == 0:
		faults = append(faults, fmt.Errorf("%v has no column: no exported field", row))
	case len(columns) > mostColumns:
		faults = append(faults, fmt.Errorf("%v has %d columns, more than %d", row, len(columns), mostColumns))
	}
	if len(faults) > 0 {
		return nil, fmt.Errorf("%w: %w", iomanagers.ErrType, errors.Join(faults...))
	}
	return &schema{shape: shape, columns: columns}, nil
}

func columnsOf(row reflect.Type, way []int, path string, faults *[]error) []column {
	var columns []column
	for i := range row.NumField() {
		field := row.Field(i)
		tag, options, _ := strings.Cut(field.Tag.Get("db"), ",")
		if tag == "-" {
			continue
		}
		index := append(append([]int(nil), way...), i)
		if field.Anonymous && tag == "" && options == "" && isPlainStruct(field.Type) {
			columns = append(columns, columnsOf(field.Type, index, path+"."+field.Name, faults)...)
			continue
		}
		if !field.IsExported() {
			continue
		}
		c := column{name: tag, index: index}
		if tag == "" {
			c.name = snakecase.Of(field.Name)
		}
		if err := c.classify(field.Type, options); err != nil {
			*faults = append(*faults, fmt.Errorf("%s.%s: %w", path, field.Name, err))
			continue
		}
		columns = append(columns, c)
	}
	return columns
}

var (
	timeType         = reflect.TypeFor[time.Time]()
	textMarshaler    = reflect.TypeFor[encoding.TextMarshaler]()
	textUnmarshaler  = reflect.TypeFor[encoding.TextUnmarshaler]()
	driverValuerType = reflect.TypeFor[driver.Valuer]()
)

func isPlainStruct(t reflect.Type) bool {
	return t.Kind() == reflect.Struct && t != timeType && !isText(t) && !isValuer(t)
}

func isText(t reflect.Type) bool {
	pointer := reflect.PointerTo(t)
	return pointer.Implements(textMarshaler) && pointer.Implements(textUnmarshaler)
}

func isValuer(t reflect.Type) bool { return reflect.PointerTo(t).Implements(driverValuerType) }

func (c *column) classify(t reflect.Type, options string) error {
	if strings.ContainsRune(c.name, 0) || !utf8.ValidString(c.name) || len(c.name) > longestName {
		return fmt.Errorf("%q is no name of UTF-8, of at most %d bytes, for a column", c.name, longestName)
	}
	c.typ = t
	if t.Kind() == reflect.Pointer {
		c.pointer, c.typ = true, t.Elem()
	}
	t = c.typ
	switch options {
	case "json":
		c.class = documents
		return checkDocument(t)
	case "":
	default:
		return fmt.Errorf("the db tag has the option %q, and there is only json", options)
	}
	switch {
	case t == timeType:
		c.class = times
		return nil
	case isText(t):
		c.class, c.marshals = texts, true
		return nil
	case isValuer(t):
		return fmt.Errorf("a %v is a column in a way of its own: use a pointer for what may be NULL, or a type that marshals itself as text", t)
	}
	switch t.Kind() {
	case reflect.Bool:
		c.class = booleans
	case reflect.Int8, reflect.Int16, reflect.Uint8:
		c.class, c.bits = integers, 16
	case reflect.Int32, reflect.Uint16:
		c.class, c.bits = integers, 32
	case reflect.Int, reflect.Int64, reflect.Uint, reflect.Uint32, reflect.Uint64:
		c.class, c.bits = integers, 64
	case reflect.Float32:
		c.class, c.bits = floats, 32
	case reflect.Float64:
		c.class, c.bits = floats, 64
	case reflect.String:
		c.class = texts
	case reflect.Slice:
		if !rows.IsBytes(t) {
			return nested(t)
		}
		c.class = blobs
	case reflect.Struct, reflect.Map, reflect.Array, reflect.Pointer, reflect.Interface:
		return nested(t)
	default:
		return fmt.Errorf("a %v cannot be a column", t)
	}
	return nil
}

func nested(t reflect.Type) error {
	return fmt.Errorf("a %v cannot be a column; with the tag `db:\"name,json\"` it is stored as JSON", t)
}

// checkDocument reports whether JSON gives values of type t back.
func checkDocument(t reflect.Type) error {
	if checker, ok := iomanagers.JSON().(iomanagers.TypeChecker); ok {
		return checker.CheckType(t)
	}
	return nil
}
