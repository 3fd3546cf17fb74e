package iomanagers

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"runtime"
	"unicode/utf8"
)

// csvDecoder reads rows. The goroutine that calls Read reads the file. Others make rows of the
// blocks that come next, so that nothing reads the file after a Close.
type csvDecoder struct {
	columns *csvColumns
	slice   reflect.Type
	comma   byte
	header  csvHeader
	blocks  csvBlocks
	workers int

	queue []*csvBlock // blocks of which rows are being made, in order
	free  []*csvBlock
	now   *csvBlock // whose rows are being given
	row   int       // how many rows have been given
	err   error     // what comes after the rows of all blocks
}

// mostCSVWorkers bounds the blocks in memory: cutting blocks, which one goroutine does, keeps
// no more busy.
const mostCSVWorkers = 8

func newCSVDecoder(r io.Reader, slice reflect.Type, columns *csvColumns, comma byte) (*csvDecoder, error) {
	d := &csvDecoder{columns: columns, slice: reflect.SliceOf(slice.Elem()), comma: comma, blocks: csvBlocks{r: r}, workers: 1}
	if columns.parallel {
		d.workers = min(runtime.GOMAXPROCS(0), mostCSVWorkers)
	}
	for {
		text, line, err := d.blocks.next(nil, 0)
		if err == io.EOF { //nolint:errorlint // as csvBlocks gives it
			return nil, errNoHeader
		}
		if err != nil {
			return nil, err
		}
		block := d.newBlock()
		header, rest, err := columns.readHeader(&block.scanner, text)
		if errors.Is(err, errNoHeader) {
			continue // blank lines so far
		}
		if err != nil {
			return nil, err
		}
		block.hold(rest, line+bytes.Count(text[:len(text)-len(rest)], []byte{'\n'}))
		d.header, d.now = header, block
		return d, nil
	}
}

func (d *csvDecoder) newBlock() *csvBlock {
	if n := len(d.free); n > 0 {
		block := d.free[n-1]
		d.free = d.free[:n-1]
		return block
	}
	return &csvBlock{decoder: d, scanner: newCSVScanner(d.comma), texts: make([]csvTexts, len(d.columns.all))}
}

func (d *csvDecoder) Read(dst any) error {
	batch := reflect.ValueOf(dst).Elem()
	n := 0
	defer func() { batch.SetLen(n) }()
	batch.SetLen(batch.Cap())
	for n < batch.Len() && d.err == nil {
		if d.now == nil {
			d.now, d.err = d.next()
			continue
		}
		given, err := d.now.give(batch.Slice(n, batch.Len()))
		n += given
		d.row += given
		if err != nil {
			d.err = fmt.Errorf("row %d %w", d.row, err)
		}
		if d.now.isEmpty() {
			d.release(d.now)
			d.now = nil
		}
	}
	if n > 0 {
		return nil
	}
	return d.err
}

// next returns the next block, and has rows made of those that follow.
func (d *csvDecoder) next() (*csvBlock, error) {
	if d.workers == 1 {
		return d.cut()
	}
	ahead := 0
	for _, block := range d.queue {
		ahead += len(block.text)
	}
	for len(d.queue) <= d.workers && ahead <= d.workers*csvBlockSize {
		block, err := d.cut()
		if err != nil {
			break // which comes again
		}
		ahead += len(block.text)
		block.begin()
		d.queue = append(d.queue, block)
	}
	if len(d.queue) == 0 {
		return d.cut()
	}
	block := d.queue[0]
	d.queue = append(d.queue[:0], d.queue[1:]...)
	<-block.made
	return block, nil
}

// cut reads a block.
func (d *csvDecoder) cut() (*csvBlock, error) {
	block := d.newBlock()
	text, line, err := d.blocks.next(block.memory, csvBlockSize)
	if err != nil {
		d.free = append(d.free, block)
		return nil, err
	}
	block.hold(text, line)
	return block, nil
}

// release keeps the memory of a block for another, unless it is large.
func (d *csvDecoder) release(block *csvBlock) {
	if cap(block.memory) > 4*csvBlockSize {
		return
	}
	if block.rows.IsValid() {
		block.rows.Clear()
	}
	d.free = append(d.free, block)
}

// Close waits for the goroutines.
func (d *csvDecoder) Close() error {
	for _, block := range d.queue {
		<-block.made
	}
	d.queue = nil
	return nil
}

// csvBlock is a text of whole records, and the rows that have been made of its beginning.
type csvBlock struct {
	decoder *csvDecoder
	scanner csvScanner
	memory  []byte // of the text
	text    []byte
	line    int // of the beginning of text

	texts []csvTexts    // for each column
	rest  []byte        // of the text, of which no rows have been made
	rows  reflect.Value // ahead of the reader
	n     int           // how many rows there are
	gone  int           // how many of them have been given
	err   error         // what comes after the rows
	made  chan struct{} // closed when the rows are there
}

// hold gives the block another text.
func (b *csvBlock) hold(text []byte, line int) {
	b.memory, b.text, b.line, b.rest = text, text, line, text
	b.n, b.gone, b.err = 0, 0, nil
	b.scanner.valid = utf8.Valid(text)
	b.scanner.plain = b.scanner.valid && bytes.IndexByte(text, '"') < 0 && bytes.IndexByte(text, '\r') < 0
}

func (b *csvBlock) isEmpty() bool { return b.gone == b.n && len(b.rest) == 0 && b.err == nil }

// begin makes rows in a goroutine.
func (b *csvBlock) begin() {
	const most = 1 << 20 // bytes of the memory of rows
	n := min(bytes.Count(b.text, []byte{'\n'})+1, max(most/int(b.decoder.slice.Elem().Size()+1), 16))
	if !b.rows.IsValid() || b.rows.Len() < n {
		b.rows = reflect.MakeSlice(b.decoder.slice, n, n)
	}
	b.made = make(chan struct{})
	go func() {
		defer close(b.made)
		b.n, b.err = b.make(b.rows.Slice(0, n))
	}()
}

// give puts rows into dst and returns how many. The error comes after them.
func (b *csvBlock) give(dst reflect.Value) (int, error) {
	if b.gone < b.n {
		n := reflect.Copy(dst, b.rows.Slice(b.gone, b.n))
		b.gone += n
		return n, nil
	}
	if b.err != nil {
		return 0, b.err
	}
	return b.make(dst)
}

// make makes rows of the rest of the text in the memory of dst, until one of both ends.
func (b *csvBlock) make(dst reflect.Value) (int, error) {
	d := b.decoder
	rows := d.columns.rowsIn(dst)
	n := 0
	for n < rows.n && len(b.rest) > 0 {
		if rest, blank := isBlankLine(b.rest); blank {
			if len(d.header.names) == 1 {
				return n, b.fault(0, errBlankLine)
			}
			b.rest = rest
			continue
		}
		rest, fault := b.scanner.record(b.rest)
		if fault != nil {
			return n, b.fault(fault.field, fault.err)
		}
		if len(b.scanner.fields) != len(d.header.names) {
			return n, b.faultOf(fmt.Errorf("there are %d fields, and %d columns in the header", len(b.scanner.fields), len(d.header.names)))
		}
		if i, err := d.columns.set(rows.fresh(n), b.scanner.fields, d.header.places, b.texts); err != nil {
			return n, b.fault(d.header.places[i], err)
		}
		b.rest = rest
		n++
	}
	return n, nil
}

var errBlankLine = fmt.Errorf("%w: the line is blank, which in a file of one column may be a row with an empty field or nothing: write the field as \"\", or remove the line", ErrUnsupported)

// fault says at which field of the record at the beginning of the rest something is wrong.
func (b *csvBlock) fault(field int, err error) error {
	names := b.decoder.header.names
	if field >= len(names) {
		return b.faultOf(fmt.Errorf("field %d: %w", field, err))
	}
	return b.faultOf(fmt.Errorf("column %q: %w", names[field], err))
}

// faultOf says on which line the record at the beginning of the rest begins. The number of the
// row is put before it by the decoder, which knows how many rows there were.
func (b *csvBlock) faultOf(err error) error {
	before := b.text[:len(b.text)-len(b.rest)]
	return fmt.Errorf("(line %d): %w", b.line+bytes.Count(before, []byte{'\n'}), err)
}
