package iomanagers

import (
	"errors"
	"fmt"
	"io"
	"reflect"
	"runtime"
	"sync"
)

// csvEncoder writes rows. The rows of a batch are formatted in parts, each in a goroutine of
// its own, before Write returns: the memory of a batch is the caller's after that.
type csvEncoder struct {
	w       io.Writer
	columns *csvColumns
	parts   []csvPart
	row     int // how many rows have been written
}

const (
	csvPartRows = 256      // at least, for a part: a goroutine costs as much as some rows
	csvPartSize = 64 << 10 // of text, after which a part waits for those before it
)

func newCSVEncoder(w io.Writer, columns *csvColumns, comma byte) (*csvEncoder, error) {
	workers := 1
	if columns.parallel {
		workers = min(runtime.GOMAXPROCS(0), mostCSVWorkers)
	}
	e := &csvEncoder{w: w, columns: columns, parts: make([]csvPart, workers)}
	for i := range e.parts {
		e.parts[i].format = csvFormat{columns: columns, comma: comma}
		if len(columns.inlined) > 0 {
			e.parts[i].format.blank = make([]bool, len(columns.all))
		}
	}
	return e, e.writeHeader(comma)
}

func (e *csvEncoder) writeHeader(comma byte) error {
	format := csvFormat{comma: comma}
	var line []byte
	for i, name := range e.columns.names() {
		if i > 0 {
			line = append(line, comma)
		}
		start := len(line)
		var err error
		if line, err = format.quoted(append(line, name...), start); err != nil {
			return fmt.Errorf("header: %w", err)
		}
	}
	_, err := e.w.Write(append(line, '\n'))
	return err
}

func (e *csvEncoder) Write(batch any) error {
	rows := e.columns.rowsIn(reflect.ValueOf(batch))
	for from := 0; from < rows.n; {
		n := min(len(e.parts), (rows.n-from+csvPartRows-1)/csvPartRows)
		to := min(rows.n, from+4*csvPartRows*n)
		e.split(rows, from, to, n)
		for i := range n {
			if err := e.finish(&e.parts[i]); err != nil {
				return err
			}
		}
		from = to
	}
	return nil
}

// split formats rows from and up to to in n parts.
func (e *csvEncoder) split(rows csvRows, from, to, n int) {
	var others sync.WaitGroup
	for i := range n {
		part := &e.parts[i]
		part.rows, part.next, part.end = rows, from+(to-from)*i/n, from+(to-from)*(i+1)/n
		if i > 0 {
			others.Go(part.run)
		}
	}
	e.parts[0].run()
	others.Wait()
}

// finish writes what a part has formatted, and the rest of its rows.
func (e *csvEncoder) finish(part *csvPart) error {
	for {
		if _, err := e.w.Write(part.text); err != nil {
			return err
		}
		if errors.Is(part.err, errNilRow) {
			return fmt.Errorf("%w: row %d is nil, which CSV has no line for", ErrUnsupported, e.row+part.done)
		}
		if part.err != nil {
			return fmt.Errorf("row %d: %w", e.row+part.done, part.err)
		}
		if part.next == part.end {
			e.row += part.done
			part.done = 0
			return nil
		}
		part.run()
	}
}

var errNilRow = errors.New("the row is nil")

func (*csvEncoder) Close() error { return nil }

// csvPart formats some rows.
type csvPart struct {
	format    csvFormat
	rows      csvRows
	next, end int // the rows that are left
	text      []byte
	done      int // how many rows have been formatted
	err       error
}

// run formats rows until there is enough text.
func (p *csvPart) run() {
	p.text = p.text[:0]
	for p.next < p.end && len(p.text) < csvPartSize {
		row := p.rows.at(p.next)
		if row == nil {
			p.err = errNilRow
			return
		}
		text, err := p.format.add(p.text, row) // without a text if a cell fails
		if err != nil {
			p.err = err
			return
		}
		p.text = text
		p.next++
		p.done++
	}
}
