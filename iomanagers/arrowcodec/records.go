package arrowcodec

import (
	"fmt"
	"io"
	"reflect"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/fxrun/fxrun/iomanagers"
)

var (
	recordType = reflect.TypeFor[arrow.RecordBatch]()
	// libraryRecordType is what a record batch really is. Another type may hold more than
	// that, which a file would lose.
	libraryRecordType = reflect.TypeOf(array.NewRecordBatch(arrow.NewSchema(nil, nil), nil, 0))
)

// isRecord says that t is that of one record batch.
func isRecord(t reflect.Type) bool { return t == recordType || t == libraryRecordType }

// isRecords says that t is that of a slice of record batches.
func isRecords(t reflect.Type) bool {
	return t != nil && t.Kind() == reflect.Slice && t.Elem() == recordType
}

func (c codec) recordEncoder(w io.Writer) iomanagers.RowEncoder {
	return &recordEncoder{w: w, memory: c.memory}
}

type recordEncoder struct {
	w      io.Writer
	memory memory.Allocator

	writer *ipc.FileWriter // from the first record batch on
	schema *arrow.Schema
	// dictionaries are those of the last record batch that was written, retained.
	dictionaries []arrow.Array
	record       int // the next
	failed       bool
}

// Write takes one record batch or a slice of them.
func (e *recordEncoder) Write(batch any) (err error) {
	defer func() { e.failed = e.failed || err != nil }()
	defer recovered(&err)
	if one, ok := batch.(arrow.RecordBatch); ok {
		return e.write(one)
	}
	all := reflect.ValueOf(batch)
	for i := range all.Len() {
		one, _ := all.Index(i).Interface().(arrow.RecordBatch)
		if err := e.write(one); err != nil {
			return err
		}
	}
	return nil
}

func (e *recordEncoder) write(record arrow.RecordBatch) error {
	if err := e.check(record); err != nil {
		return fmt.Errorf("record batch %d: %w", e.record, err)
	}
	if e.writer == nil {
		if err := e.begin(record.Schema()); err != nil {
			return err
		}
	}
	if err := e.checkDictionaries(record); err != nil {
		return fmt.Errorf("record batch %d: %w", e.record, err)
	}
	e.record++
	return e.writer.Write(record)
}

func (e *recordEncoder) begin(schema *arrow.Schema) (err error) {
	e.schema = schema
	e.writer, err = ipc.NewFileWriter(e.w, ipc.WithSchema(schema), ipc.WithAllocator(e.memory))
	return err
}

// check reports what a file would lose of the record batch, or give back damaged.
func (e *recordEncoder) check(record arrow.RecordBatch) error {
	if record == nil {
		return fmt.Errorf("%w: it is nil", iomanagers.ErrUnsupported)
	}
	if t := reflect.TypeOf(record); t != libraryRecordType {
		return fmt.Errorf("%w: it is a %v, of which Arrow may lose a part", iomanagers.ErrUnsupported, t)
	}
	if schema := record.Schema(); e.schema != nil && (!schema.Equal(e.schema) || !schema.Metadata().Equal(e.schema.Metadata())) {
		return fmt.Errorf("%w: its schema is another than that of the first: %v, not %v", iomanagers.ErrUnsupported, schema, e.schema)
	}
	for i, column := range record.Columns() {
		if kind := unwritable(column.Data(), false); kind != nil {
			return fmt.Errorf("%w: column %s is a part of a longer %v, which Arrow's library can't write: copy it", iomanagers.ErrUnsupported, record.ColumnName(i), kind)
		}
	}
	if err := validate(record); err != nil {
		return fmt.Errorf("%w: %w", iomanagers.ErrUnsupported, err)
	}
	return nil
}

// unwritable returns a type within data whose slices the library writes wrongly, nil if there is
// none. part says that data is a slice.
func unwritable(data arrow.ArrayData, part bool) arrow.DataType {
	part = part || data.Offset() != 0
	if part && slices.Contains([]arrow.Type{arrow.LIST_VIEW, arrow.LARGE_LIST_VIEW, arrow.DENSE_UNION}, data.DataType().ID()) {
		return data.DataType()
	}
	for _, child := range data.Children() {
		if kind := unwritable(child, part); kind != nil {
			return kind
		}
	}
	return nil
}

// checkDictionaries reports a dictionary that differs from that of the batch before: a file has
// one for each column. The library compares numbers only roughly.
func (e *recordEncoder) checkDictionaries(record arrow.RecordBatch) error {
	var found []arrow.Array
	for _, column := range record.Columns() {
		found = appendDictionaries(found, column.Data())
	}
	for i, last := range e.dictionaries {
		if last.Data() != found[i].Data() && !array.Equal(last, found[i]) {
			release(found)
			return fmt.Errorf("%w: a dictionary is another than that of the first, and a file has one for each column", iomanagers.ErrUnsupported)
		}
	}
	release(e.dictionaries)
	e.dictionaries = found
	return nil
}

// appendDictionaries appends the dictionaries within data, in an order that follows from its type.
func appendDictionaries(found []arrow.Array, data arrow.ArrayData) []arrow.Array {
	if data.DataType().ID() == arrow.DICTIONARY {
		found = append(found, array.MakeFromData(data.Dictionary()))
		found = appendDictionaries(found, data.Dictionary())
	}
	for _, child := range data.Children() {
		found = appendDictionaries(found, child)
	}
	return found
}

func release[T interface{ Release() }](all []T) {
	for _, one := range all {
		one.Release()
	}
}

// Close writes the index of the file. After an error it only releases memory.
func (e *recordEncoder) Close() (err error) {
	defer recovered(&err)
	defer func() { release(e.dictionaries) }()
	if e.writer == nil && !e.failed {
		if err := e.begin(arrow.NewSchema(nil, nil)); err != nil {
			return err
		}
	}
	if e.writer == nil {
		return nil
	}
	err = e.writer.Close()
	if e.failed {
		return nil
	}
	return err
}

// decodeRecords sets target, a record batch or a slice of them.
func (c codec) decodeRecords(r io.Reader, target reflect.Value) (err error) {
	if target.Type() == libraryRecordType {
		return fmt.Errorf("%w: a record batch is loaded as %v, not %v", iomanagers.ErrType, recordType, libraryRecordType)
	}
	file, err := c.open(r, false)
	if err != nil {
		return err
	}
	defer recovered(&err)
	defer file.Close() //nolint:errcheck // it was only read
	single := isRecord(target.Type())
	if n := file.NumRecords(); single && n != 1 {
		return fmt.Errorf("%w: the file holds %d record batches, not one: load []arrow.RecordBatch", iomanagers.ErrType, n)
	}
	all := []arrow.RecordBatch{}
	for {
		record, err := file.read()
		switch {
		case err == io.EOF && single: //nolint:errorlint // only a bare io.EOF is the end
			target.Set(reflect.ValueOf(all[0]))
			return nil
		case err == io.EOF: //nolint:errorlint // as above
			target.Set(reflect.ValueOf(all).Convert(target.Type()))
			return nil
		case err != nil:
			release(all)
			return err
		}
		all = append(all, record)
	}
}

func (c codec) recordDecoder(r io.Reader) (iomanagers.RowDecoder, error) {
	file, err := c.open(r, false)
	if err != nil {
		return nil, err
	}
	return &recordDecoder{file}, nil
}

// recordDecoder reads one record batch at a time, so that none is read in vain.
type recordDecoder struct{ file *file }

func (d *recordDecoder) Read(dst any) (err error) {
	defer recovered(&err)
	record, err := d.file.read()
	if err != nil {
		return err
	}
	*dst.(*[]arrow.RecordBatch) = append(*dst.(*[]arrow.RecordBatch), record)
	return nil
}

func (d *recordDecoder) Close() (err error) {
	defer recovered(&err)
	return d.file.Close()
}
