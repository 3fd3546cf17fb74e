package iomanagers

import (
	"fmt"
	"io"
	"reflect"
	"strings"
)

// CSV returns the codec "csv". It writes a header line and one line for each row, in UTF-8, in
// files named .csv. It takes slices of structs, or of pointers to structs. Their exported fields
// are the columns: numbers, bools, strings, []byte (as base64), pointers to these, and types
// that marshal themselves as text, such as time.Time. The tag `csv` names a column, with the
// options of github.com/jszwec/csvutil: omitempty, and inline for the fields of a struct.
// Without a tag, the column has the name of the field. Two fields of one name are refused with
// [ErrType], unless one of them is deeper in embedded structs and so hidden, as in Go.
//
// Columns that the type does not have are ignored. If the file does not have a column of the
// type, or has it twice, the error matches [ErrType]. A byte-order mark is skipped, and so are
// blank lines in files of several columns. In files of one column a blank line is refused,
// because it may be a row or nothing. Text that is not UTF-8, records of another length than
// the header, and misplaced quotes and carriage returns are refused. The errors name the row,
// from 0, the line, from 1, and the column.
//
// A blank field is nil for a pointer, and a quoted empty field is a pointer to an empty text.
// Other fields than texts and pointers cannot be blank, unless their tag has the option
// omitempty. Ints may be written with a fraction of zeros, as 1.0. Floats may be NaN and inf,
// and come back exactly. Bools are those of [strconv.ParseBool], such as True and 0. A number
// with spaces around it is refused.
//
// A time is written as RFC 3339 says. The tag `layout` gives a field of type time.Time or
// *time.Time another layout of package time, such as `layout:"2006-01-02"`. A layout without a
// zone is in UTC, for writing and reading. A time that the layout would cut is refused with
// [ErrUnsupported]. Reading accepts a fraction of a second also if the layout has none.
//
// Rows are written and read in several goroutines, as many as GOMAXPROCS and at most 8. The
// methods of types that marshal themselves are only called in the goroutine of the caller, and
// rows of such types are written and read in that goroutine.
func CSV(options ...CSVOption) Codec {
	c := csvCodec{comma: ',', name: "csv"}
	for _, option := range options {
		option(&c)
	}
	return c
}

// CSVOption changes how [CSV] writes and reads.
type CSVOption func(*csvCodec)

// CSVComma sets the character between fields, which is otherwise a comma: ';' or '\t', for
// example. It must be an ASCII character that cannot be part of a number or a time. A codec
// with another character refuses every type.
func CSVComma(comma byte) CSVOption { return func(c *csvCodec) { c.comma = comma } }

// CSVName sets the name of the codec, which is otherwise csv. Files have the name as their
// extension. So one manager can have CSV() and CSV(CSVName("tsv"), CSVComma('\t')).
func CSVName(name string) CSVOption { return func(c *csvCodec) { c.name = name } }

type csvCodec struct {
	comma byte
	name  string
}

var (
	_ TypeChecker = csvCodec{}
	_ RowCodec    = csvCodec{}
)

func (c csvCodec) Name() string      { return c.name }
func (c csvCodec) Extension() string { return "." + c.name }

func (c csvCodec) CheckType(t reflect.Type) error {
	_, err := c.columns(t)
	return err
}

// columns returns the columns of a type of rows.
func (c csvCodec) columns(slice reflect.Type) (*csvColumns, error) {
	if c.comma >= 0x80 || c.comma == 0 || isInPlainText(c.comma) {
		return nil, fmt.Errorf("%w: %q cannot separate the fields of CSV", ErrType, c.comma)
	}
	columns, err := columnsOf(slice)
	return &columns, err
}

// isInPlainText finds what can stand in a number, a bool, a time or bytes, which are written
// without a look at their characters.
func isInPlainText(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' || strings.IndexByte("+-.:/=\"\r\n ", c) >= 0
}

func (c csvCodec) Encode(w io.Writer, value any) error {
	encoder, err := c.NewRowEncoder(w, reflect.TypeOf(value))
	if err != nil {
		return err
	}
	if err := encoder.Write(value); err != nil {
		return err
	}
	return encoder.Close()
}

// NewRowEncoder writes the header line.
func (c csvCodec) NewRowEncoder(w io.Writer, slice reflect.Type) (RowEncoder, error) {
	columns, err := c.columns(slice)
	if err != nil {
		return nil, err
	}
	return newCSVEncoder(w, columns, c.comma)
}

func (c csvCodec) Decode(r io.Reader, dst any) error {
	if err := c.CheckType(reflect.TypeOf(dst).Elem()); err != nil {
		return err
	}
	return decodeRows(c, r, dst)
}

// NewRowDecoder reads the header line.
func (c csvCodec) NewRowDecoder(r io.Reader, slice reflect.Type) (RowDecoder, error) {
	columns, err := c.columns(slice)
	if err != nil {
		return nil, err
	}
	return newCSVDecoder(r, slice, columns, c.comma)
}
