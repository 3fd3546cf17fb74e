package parquetcodec

import (
	"fmt"
	"io"
	"reflect"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding"

	"github.com/fxrun/fxrun/iomanagers"
)

const (
	// rowGroup is how many bytes, before compression, are gathered until they are written.
	rowGroup = 32 << 20
	// sampleRows and sampleBytes are how much is gathered, at most, until the encodings of the
	// columns are chosen.
	sampleRows  = 8 << 10
	sampleBytes = 4 << 20
	// partRows and partBytes are how many rows are taken at once: about so many that their
	// bytes reach partBytes, if they are like those before.
	partRows  = 1024
	partBytes = 256 << 10
	// pageSize is how many bytes a page has before compression.
	pageSize = 1 << 20
	// longValue is how many bytes values may have so that the smallest and the largest of a
	// column are written beside it.
	longValue = 256
	// mostDictionary is the size at which a dictionary is given up.
	mostDictionary = 1 << 20

	durationsKey  = "fxrun.durations"
	durationsUnit = "nanoseconds"
)

func (codec) NewRowEncoder(w io.Writer, slice reflect.Type) (iomanagers.RowEncoder, error) {
	root, leaves, err := rowsOf(slice)
	if err != nil {
		return nil, err
	}
	e := &encoder{to: w, root: root, part: 1}
	for _, n := range leaves {
		e.columns = append(e.columns, newColumn(root, n))
	}
	return e, nil
}

// encoder cuts rows into parts, and after some of them into row groups. The cuts depend on the
// rows only, not on the batches that they come in.
type encoder struct {
	to      io.Writer
	root    *node
	columns []*column
	writer  *parquet.GenericWriter[any] // nil until the encodings are chosen

	row    int64 // the next
	part   int   // rows that lack in the part
	total  int64 // bytes of all rows in row groups that are written
	failed bool
}

func (e *encoder) Write(batch any) (err error) {
	defer func() { e.failed = e.failed || err != nil }()
	defer recovered(&err)
	rows := elementsOf(reflect.ValueOf(batch))
	for from := 0; from < rows.n; {
		piece := rows.from(from, min(e.part, rows.n-from))
		if err := e.check(piece); err != nil {
			return err
		}
		if err := e.each(piece.n, func(c *column) error { return c.write(piece, e.row) }); err != nil {
			return err
		}
		from += piece.n
		e.row += int64(piece.n)
		if e.part -= piece.n; e.part == 0 {
			if err := e.endPart(); err != nil {
				return err
			}
		}
	}
	return nil
}

// check reports the first row that is nil.
func (e *encoder) check(rows elements) error {
	if !rows.behind {
		return nil
	}
	for i := range rows.n {
		if rows.row(i).isNil() {
			return fmt.Errorf("%w: row %d is nil, which is not a row in Parquet", iomanagers.ErrUnsupported, e.row+int64(i))
		}
	}
	return nil
}

// each calls do for all columns, in several goroutines if there are many rows, and returns the
// error of the first row that has one.
func (e *encoder) each(rows int, do func(c *column) error) error {
	faults := make([]error, len(e.columns))
	inParallel(len(faults), rows, func(i int) {
		defer recovered(&faults[i]) // a panic in another goroutine would end the process
		faults[i] = do(e.columns[i])
	})
	return firstOf(faults)
}

// endPart decides what follows a part.
func (e *encoder) endPart() error {
	gathered := int64(0)
	for _, c := range e.columns {
		gathered += c.bytes()
	}
	average := max((e.total+gathered)/e.row, 1)
	e.part = int(min(max(partBytes/average, 1), partRows))
	if e.writer == nil && (e.row >= sampleRows || gathered >= sampleBytes) {
		if err := e.open(); err != nil {
			return err
		}
	}
	if e.writer == nil || gathered < rowGroup {
		return nil
	}
	e.total += gathered
	return e.endGroup()
}

// open chooses the encodings and begins the file.
func (e *encoder) open() error {
	encodings := make([]encoding.Encoding, len(e.columns))
	for i, c := range e.columns {
		encodings[i] = encodingOf(c.node, c.pending)
	}
	schema := schemaOf(e.root, encodings)
	for i, path := range schema.Columns() {
		e.columns[i].path = path
	}
	options := []parquet.WriterOption{
		schema,
		parquet.Compression(&parquet.Zstd),
		parquet.PageBufferSize(pageSize),
		parquet.DictionaryMaxBytes(mostDictionary),
		// The index of the pages has the same, and cuts long texts.
		parquet.DataPageStatistics(false),
	}
	for _, c := range e.columns {
		if c.longest() > longValue {
			options = append(options, parquet.SkipPageBounds(c.path...))
		}
	}
	for _, c := range e.columns {
		if c.node.typ == durationType {
			options = append(options, parquet.KeyValueMetadata(durationsKey, durationsUnit))
			break
		}
	}
	e.writer = parquet.NewGenericWriter[any](e.to, options...)
	for i, w := range e.writer.ColumnWriters() {
		e.columns[i].writer = w
	}
	return e.each(int(e.row), (*column).flush)
}

// endGroup writes a row group.
func (e *encoder) endGroup() error {
	err := e.each(int(e.row), func(c *column) error {
		if err := c.flush(); err != nil {
			return err
		}
		c.inGroup, c.inPage = 0, 0
		return c.writer.Flush()
	})
	if err != nil {
		return err
	}
	return e.writer.Flush()
}

// Close writes the index of the file. After an error there is none to write.
func (e *encoder) Close() (err error) {
	if e.failed {
		return nil
	}
	defer recovered(&err)
	if e.writer == nil {
		if err := e.open(); err != nil {
			return err
		}
	}
	if err := e.endGroup(); err != nil {
		return err
	}
	return e.writer.Close()
}

// firstOf returns the error of the first row that has one.
func firstOf(faults []error) (first error) {
	var of *valueError
	for _, err := range faults {
		fault, ok := err.(*valueError) //nolint:errorlint // made by column.write itself
		switch {
		case err == nil:
		case !ok:
			return err
		case of == nil || fault.row < of.row:
			of = fault
		}
	}
	if of == nil {
		return nil
	}
	return of
}
