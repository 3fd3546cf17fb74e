package arrowcodec

import (
	"fmt"
	"io"
	"math"
	"reflect"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"

	"github.com/fxrun/fxrun/iomanagers"
)

const (
	// maxRows and maxBytes are where a record batch ends: what a stream needs of memory.
	maxRows  = 1 << 16
	maxBytes = 8 << 20
)

func (c codec) rowEncoder(w io.Writer, slice reflect.Type) (_ iomanagers.RowEncoder, err error) {
	row, err := rowOf(slice)
	if err != nil {
		return nil, err
	}
	defer recovered(&err)
	schema := arrow.NewSchema(row.fields(), nil)
	writer, err := ipc.NewFileWriter(w, ipc.WithSchema(schema), ipc.WithAllocator(c.memory))
	if err != nil {
		return nil, err
	}
	e := &rowEncoder{columns: row.columns, width: row.width(), more: row.more(), writer: writer, builder: array.NewRecordBuilder(c.memory, schema)}
	for i, column := range row.columns {
		e.puts = append(e.puts, column.put(e.builder.Field(i)))
	}
	return e, nil
}

type rowEncoder struct {
	columns []column
	puts    []putter
	width   int
	more    func(row reflect.Value) int
	builder *array.RecordBuilder
	writer  *ipc.FileWriter

	row          int // the next
	rows, weight int // of the batch that is being built
	failed       bool
}

func (e *rowEncoder) Write(batch any) (err error) {
	defer func() { e.failed = e.failed || err != nil }()
	defer recovered(&err)
	all := reflect.ValueOf(batch)
	for from := 0; from < all.Len(); {
		to, full, err := e.fit(all, from)
		if err != nil {
			return err
		}
		if err := e.put(all, from, to); err != nil {
			return err
		}
		if full {
			if err := e.flush(); err != nil {
				return err
			}
		}
		from = to
	}
	return nil
}

// fit returns how far rows fit into the batch, counting those that do, and whether it is full.
func (e *rowEncoder) fit(all reflect.Value, from int) (to int, full bool, err error) {
	for to = from; to < all.Len(); to++ {
		row := all.Index(to)
		if row.Kind() == reflect.Pointer {
			if row.IsNil() {
				return 0, false, fmt.Errorf("%w: row %d is nil, which is not a row in Arrow", iomanagers.ErrUnsupported, e.row+to-from)
			}
			row = row.Elem()
		}
		weight := e.width
		if e.more != nil {
			weight += e.more(row)
		}
		if weight > math.MaxInt32 {
			return 0, false, fmt.Errorf("%w: row %d takes %d bytes, and Arrow counts in 31 bits", iomanagers.ErrUnsupported, e.row+to-from, weight)
		}
		if e.rows > 0 && e.weight+weight > maxBytes {
			return to, true, nil
		}
		e.weight += weight
		if e.rows++; e.rows == maxRows {
			return to + 1, true, nil
		}
	}
	return to, false, nil
}

// put appends rows column by column.
func (e *rowEncoder) put(all reflect.Value, from, to int) error {
	for n, put := range e.puts {
		c := e.columns[n]
		for i := from; i < to; i++ {
			row := all.Index(i)
			if row.Kind() == reflect.Pointer {
				row = row.Elem()
			}
			if fault := put(c.of(row)); fault != nil {
				return fmt.Errorf("row %d: %w", e.row+i-from, fault.in(iomanagers.ErrUnsupported, c.name))
			}
		}
	}
	e.row += to - from
	return nil
}

func (e *rowEncoder) flush() error {
	batch := e.builder.NewRecordBatch()
	defer batch.Release()
	e.rows, e.weight = 0, 0
	return e.writer.Write(batch)
}

// Close writes the index of the file. After an error it only releases memory.
func (e *rowEncoder) Close() (err error) {
	defer recovered(&err)
	defer e.builder.Release()
	if e.failed {
		return nil
	}
	if e.rows > 0 {
		if err := e.flush(); err != nil {
			return err
		}
	}
	return e.writer.Close()
}
