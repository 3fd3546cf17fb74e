package parquetcodec

import (
	"errors"
	"fmt"
	"io"
	"math"
	"reflect"
	"slices"
	"strings"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"

	"github.com/fxrun/fxrun/iomanagers"
)

const (
	// pageBuffer is how many bytes of a column are read at a time.
	pageBuffer = 64 << 10
	// rowsRead is how many rows are read at a time, at most.
	rowsRead = 1024
)

func (codec) NewRowDecoder(r io.Reader, slice reflect.Type) (_ iomanagers.RowDecoder, err error) {
	root, _, err := rowsOf(slice)
	if err != nil {
		return nil, err
	}
	input, err := iomanagers.RandomAccess(r)
	if err != nil {
		return nil, err
	}
	if err := checkFooter(input); err != nil {
		return nil, err
	}
	defer recovered(&err)
	file, err := parquet.OpenFile(input, input.Size(), parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true), parquet.ReadBufferSize(pageBuffer))
	if err != nil {
		return nil, err
	}
	if err := checkCompression(file); err != nil {
		return nil, err
	}
	unit, _ := file.Lookup(durationsKey)
	b := binder{durations: unit == durationsUnit, cursors: map[int]*cursor{}}
	bound, err := b.root(root, file.Root())
	if err != nil {
		return nil, err
	}
	d := &decoder{file: file, root: bound}
	for _, c := range b.cursors {
		d.cursors = append(d.cursors, c)
	}
	return d, nil
}

// checkCompression reports a column whose compression parquet-go reads as other bytes than
// those of the file.
func checkCompression(file *parquet.File) error {
	for _, group := range file.Metadata().RowGroups {
		for _, column := range group.Columns {
			if codec := column.MetaData.Codec; codec == format.Lz4Raw || codec == format.Lz4 {
				return fmt.Errorf("%w: column %s is compressed with LZ4; write the file with zstd or snappy",
					iomanagers.ErrUnsupported, strings.Join(column.MetaData.PathInSchema, "."))
			}
		}
	}
	return nil
}

type decoder struct {
	file    *parquet.File
	root    *bound
	group   int // the next
	cursors []*cursor
	left    int64 // rows of the row group
	row     int64 // the next
}

func (d *decoder) Read(dst any) (err error) {
	defer recovered(&err)
	for d.left == 0 {
		if err := d.nextGroup(); err != nil {
			return err
		}
	}
	target := reflect.ValueOf(dst).Elem()
	n := int(min(int64(target.Cap()), d.left, rowsRead))
	target.SetLen(n)
	target.Clear()
	rows := elementsOf(target)
	if rows.behind {
		for i := range n {
			rows.element(i).allocate(d.root.typ)
		}
	}
	faults := make([]readFault, len(d.root.nodes))
	inParallel(len(faults), n, func(i int) { faults[i] = d.root.nodes[i].rows(rows) })
	if err := d.firstOf(faults); err != nil {
		return err
	}
	d.row += int64(n)
	d.left -= int64(n)
	return nil
}

// Left returns how many rows the file says that follow.
func (d *decoder) Left() int {
	left := d.left
	for _, group := range d.file.RowGroups()[d.group:] {
		if left += max(0, group.NumRows()); left < 0 {
			return math.MaxInt
		}
	}
	return int(min(left, math.MaxInt))
}

// readFault is what a column failed with, and in which row.
type readFault struct {
	err error
	row int
}

// rows puts the next values of b, a field of rows, into rows.
func (b *bound) rows(rows elements) (fault readFault) {
	if b.absent {
		return readFault{}
	}
	defer func() {
		if err := recover(); err != nil {
			fault.err = &columnError{b.column, faultOf(err)}
		}
	}()
	if b.shape == leaf && len(b.pointers) == 0 {
		b.flat(rows, &fault) // which tells the row also of a panic
		return fault
	}
	for fault.row = range rows.n {
		if fault.err = b.fill(rows.row(fault.row).field(b.offset), 0); fault.err != nil {
			return fault
		}
	}
	return readFault{}
}

// flat is rows for a column that has one value for each row, or null.
func (b *bound) flat(rows elements, fault *readFault) {
	c := b.cursor
	for fault.row < rows.n {
		if err := c.ready(); err != nil {
			fault.err = b.fault(err)
			return
		}
		for ; c.at < c.n && fault.row < rows.n; fault.row++ {
			p := rows.row(fault.row).field(b.offset)
			if fault.err = b.one(p, c.take(), 0); fault.err != nil {
				return
			}
		}
	}
}

func (d *decoder) firstOf(faults []readFault) error {
	var first *readFault
	for i := range faults {
		if fault := &faults[i]; fault.err != nil && (first == nil || fault.row < first.row) {
			first = fault
		}
	}
	if first == nil {
		return nil
	}
	return fmt.Errorf("row %d: %w", d.row+int64(first.row), first.err)
}

// nextGroup goes to the next row group, and to io.EOF after the last.
func (d *decoder) nextGroup() error {
	for _, c := range d.cursors {
		more, err := c.more()
		if err != nil {
			return &columnError{c.name(), err}
		}
		if more {
			return &columnError{c.name(), fmt.Errorf("has more values than rows: %w", errDamaged)}
		}
	}
	if d.group == len(d.file.RowGroups()) {
		return io.EOF
	}
	i := d.group
	d.group++
	if d.left = d.file.RowGroups()[i].NumRows(); d.left < 0 {
		return fmt.Errorf("%w: it has a row group with %d rows", errDamaged, d.left)
	}
	if d.left == 0 {
		return nil
	}
	for _, c := range d.cursors {
		if err := c.begin(d.file, i); err != nil {
			return err
		}
	}
	return nil
}

func (d *decoder) Close() (err error) {
	defer recovered(&err)
	for _, c := range slices.Backward(d.cursors) {
		err = errors.Join(err, c.end())
	}
	return err
}
