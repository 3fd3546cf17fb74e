package iomanagers

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"

	"github.com/jszwec/csvutil"
)

// CSV returns the codec "csv". It writes a header line and one line for each row, in files
// named .csv. It takes slices of structs, or of pointers to structs. Their exported fields are
// the columns: numbers, bools, strings, []byte (as base64), pointers to these, and types that
// marshal themselves as text, such as time.Time. The tag `csv` of github.com/jszwec/csvutil
// names a column. Without a tag, the column has the name of the field.
//
// Columns that the type does not have are ignored. If the file does not have a column of the
// type, the error matches [ErrType], so that an old file does not become zeros without an
// error. An empty field that is loaded into a pointer becomes nil. A text with carriage return
// and line feed next to each other is refused with [ErrUnsupported], because readers of CSV
// drop the carriage return.
func CSV() Codec { return csvCodec{} }

type csvCodec struct{}

var (
	_ TypeChecker = csvCodec{}
	_ RowCodec    = csvCodec{}
)

func (csvCodec) Name() string      { return "csv" }
func (csvCodec) Extension() string { return ".csv" }

func (csvCodec) CheckType(t reflect.Type) error {
	row, ok := rowType(t)
	if !ok {
		return fmt.Errorf("%w: it takes slices of structs, not %v", ErrType, t)
	}
	// First, because csvutil never comes back from a struct that inlines itself.
	if err := checkColumns(row, map[reflect.Type]bool{}); err != nil {
		return err
	}
	header, err := csvutil.Header(reflect.Zero(row).Interface(), "")
	if err != nil {
		return fmt.Errorf("%w: %v: %w", ErrType, row, err)
	}
	if len(header) == 0 {
		return fmt.Errorf("%w: %v has no column: no exported field", ErrType, row)
	}
	if err := tryColumns(row, header); err != nil {
		return fmt.Errorf("%w: %v: %w", ErrType, row, err)
	}
	return nil
}

// tryColumns lets csvutil look at the type of every column, as it does for the header it
// writes and for the first row it reads.
func tryColumns(row reflect.Type, header []string) error {
	if err := csvutil.NewEncoder(csv.NewWriter(io.Discard)).EncodeHeader(reflect.Zero(row).Interface()); err != nil {
		return err
	}
	decoder, err := csvutil.NewDecoder(blankRecord(len(header)), header...)
	if err != nil {
		return err
	}
	if unfit, ok := errors.AsType[*csvutil.UnsupportedTypeError](decoder.Decode(reflect.New(row).Interface())); ok {
		return unfit
	}
	return nil // any other error says only that a blank isn't a value of some column
}

// blankRecord reads as records of that many empty fields.
type blankRecord int

func (n blankRecord) Read() ([]string, error) { return make([]string, n), nil }

// checkColumns refuses fields that would come back as something else, as csvutil writes what
// an interface holds and reads it as a string, and structs inlined in themselves; within
// holds the structs on the way.
func checkColumns(row reflect.Type, within map[reflect.Type]bool) error {
	if within[row] {
		return fmt.Errorf("%w: %v is inlined in itself", ErrType, row)
	}
	within[row] = true
	defer delete(within, row)
	for f := range fields(row) {
		tag := f.Tag.Get("csv")
		if !f.IsExported() && !f.Anonymous || tag == "-" {
			continue
		}
		if f.Type.Kind() == reflect.Interface {
			return fmt.Errorf("%w: %v.%s is an interface, of which CSV keeps only the text", ErrType, row, f.Name)
		}
		column := f.Type
		if column.Kind() == reflect.Pointer {
			column = column.Elem()
		}
		inlined := f.Anonymous && tag == "" || strings.Contains(tag, ",inline")
		if inlined && column.Kind() == reflect.Struct {
			if err := checkColumns(column, within); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c csvCodec) Encode(w io.Writer, value any) error {
	t := reflect.TypeOf(value)
	if _, ok := rowType(t); !ok {
		return fmt.Errorf("%w: it takes slices of structs, not %T", ErrType, value)
	}
	encoder, err := c.NewRowEncoder(w, t)
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
	row, ok := rowType(slice)
	if !ok {
		return nil, fmt.Errorf("%w: it takes slices of structs, not %v", ErrType, slice)
	}
	lines := &csvWriter{w: w, csv: csv.NewWriter(w), written: -1}
	encoder := csvutil.NewEncoder(lines)
	if err := encoder.EncodeHeader(reflect.Zero(row).Interface()); err != nil {
		return nil, err
	}
	return csvEncoder{lines: lines, encoder: encoder}, nil
}

type csvEncoder struct {
	lines   *csvWriter
	encoder *csvutil.Encoder
}

func (e csvEncoder) Write(batch any) error {
	if i := nilRow(batch); i >= 0 {
		return fmt.Errorf("%w: row %d is nil, which CSV has no line for", ErrUnsupported, e.lines.written+i)
	}
	if err := e.encoder.Encode(batch); err != nil {
		return fmt.Errorf("row %d: %w", e.lines.written, err)
	}
	return nil
}

func (e csvEncoder) Close() error {
	e.lines.csv.Flush()
	return e.lines.csv.Error()
}

// nilRow returns the index of the first row behind a pointer that is nil, or -1.
func nilRow(slice any) int {
	v := reflect.ValueOf(slice)
	if v.Type().Elem().Kind() != reflect.Pointer {
		return -1
	}
	for i := range v.Len() {
		if v.Index(i).IsNil() {
			return i
		}
	}
	return -1
}

// csvWriter writes records so that encoding/csv reads the same ones.
type csvWriter struct {
	w       io.Writer
	csv     *csv.Writer
	written int // rows; the header makes it 0
}

func (w *csvWriter) Write(record []string) error {
	if err := w.write(record); err != nil {
		return err
	}
	w.written++
	return nil
}

func (w *csvWriter) write(record []string) error {
	for i, field := range record {
		if strings.Contains(field, "\r\n") {
			return fmt.Errorf("%w: column %d holds a carriage return and line feed, which readers of CSV turn into a line feed", ErrUnsupported, i)
		}
	}
	if len(record) == 1 && record[0] == "" {
		// A line with nothing on it is no record to a reader.
		w.csv.Flush()
		if err := w.csv.Error(); err != nil {
			return err
		}
		_, err := io.WriteString(w.w, "\"\"\n")
		return err
	}
	return w.csv.Write(record)
}

func (c csvCodec) Decode(r io.Reader, dst any) error {
	t := reflect.TypeOf(dst).Elem()
	if err := c.CheckType(t); err != nil {
		return err
	}
	return decodeRows(c, r, dst)
}

// NewRowDecoder reads the header line.
func (c csvCodec) NewRowDecoder(r io.Reader, slice reflect.Type) (RowDecoder, error) {
	lines := csv.NewReader(bufio.NewReaderSize(r, chunk))
	lines.ReuseRecord = true
	decoder, err := csvutil.NewDecoder(lines)
	if errors.Is(err, io.EOF) {
		return nil, errors.New("there is no header line")
	}
	if err != nil {
		return nil, err
	}
	if missing := missingColumns(slice, decoder.Header()); len(missing) > 0 {
		return nil, fmt.Errorf("%w: the file has no column %s", ErrType, strings.Join(missing, ", "))
	}
	return csvDecoder{decoder}, nil
}

type csvDecoder struct{ decoder *csvutil.Decoder }

func (d csvDecoder) Read(dst any) error {
	return readEach(dst, func(row any) error {
		err := d.decoder.Decode(row)
		if _, ok := errors.AsType[*csvutil.UnmarshalTypeError](err); ok {
			return fmt.Errorf("%w: %w", ErrType, err)
		}
		return err
	})
}

func (csvDecoder) Close() error { return nil }

// missingColumns returns the columns of rows of type t that header lacks.
func missingColumns(t reflect.Type, header []string) []string {
	row, _ := rowType(t)
	wanted, _ := csvutil.Header(reflect.Zero(row).Interface(), "")
	return slices.DeleteFunc(wanted, func(column string) bool { return slices.Contains(header, column) })
}
