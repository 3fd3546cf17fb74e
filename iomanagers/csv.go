package iomanagers

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"

	"github.com/jszwec/csvutil"
)

// CSV returns the codec "csv": a header line and a line for each row, in files named
// .csv. It takes slices of structs, or of pointers to structs, whose exported fields are
// columns: numbers, bools, strings, []byte (as base64), pointers to those, and types that
// marshal themselves as text, such as time.Time. Columns are named by `csv` tags as
// github.com/jszwec/csvutil has them, else by field.
//
// Columns that the type lacks are ignored; columns that the file lacks match [ErrType],
// so that no old file turns silently into zeros. An empty field in a pointer comes back
// as nil. Carriage return and line feed in a row inside a text are refused with
// [ErrUnsupported], because readers of CSV drop the first of them.
func CSV() Codec { return csvCodec{} }

type csvCodec struct{}

var _ TypeChecker = csvCodec{}

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
	v := reflect.ValueOf(value)
	if !v.IsValid() {
		return fmt.Errorf("%w: it takes slices of structs, not nil", ErrType)
	}
	row, ok := rowType(v.Type())
	if !ok {
		return fmt.Errorf("%w: it takes slices of structs, not %T", ErrType, value)
	}
	lines := csvWriter{w: w, csv: csv.NewWriter(w)}
	encoder := csvutil.NewEncoder(lines)
	if err := encoder.EncodeHeader(reflect.Zero(row).Interface()); err != nil {
		return err
	}
	for i := range v.Len() {
		element := v.Index(i)
		if element.Kind() == reflect.Pointer && element.IsNil() {
			return fmt.Errorf("%w: row %d is nil, which CSV has no line for", ErrUnsupported, i)
		}
		if err := encoder.Encode(element.Interface()); err != nil {
			return fmt.Errorf("row %d: %w", i, err)
		}
	}
	lines.csv.Flush()
	return lines.csv.Error()
}

// csvWriter writes records so that encoding/csv reads the same ones.
type csvWriter struct {
	w   io.Writer
	csv *csv.Writer
}

func (w csvWriter) Write(record []string) error {
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
	decoder, err := csvutil.NewDecoder(csv.NewReader(r))
	if errors.Is(err, io.EOF) {
		return errors.New("there is no header line")
	}
	if err != nil {
		return err
	}
	if missing := missingColumns(t, decoder.Header()); len(missing) > 0 {
		return fmt.Errorf("%w: the file has no column %s", ErrType, strings.Join(missing, ", "))
	}
	err = decoder.Decode(dst)
	if errors.Is(err, io.EOF) {
		return nil // there are no rows
	}
	if _, ok := errors.AsType[*csvutil.UnmarshalTypeError](err); ok {
		return fmt.Errorf("%w: %w", ErrType, err)
	}
	return err
}

// missingColumns returns the columns of rows of type t that header lacks.
func missingColumns(t reflect.Type, header []string) []string {
	row, _ := rowType(t)
	wanted, _ := csvutil.Header(reflect.Zero(row).Interface(), "")
	return slices.DeleteFunc(wanted, func(column string) bool { return slices.Contains(header, column) })
}
