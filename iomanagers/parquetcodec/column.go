package parquetcodec

import (
	"errors"
	"fmt"
	"math"

	"github.com/parquet-go/parquet-go"
)

const (
	// pendingRows and pendingBytes are how much of a column is gathered, at most, until it goes
	// on to parquet-go, which cuts pages between two such writes only.
	pendingRows  = 1024
	pendingBytes = 256 << 10
	// numberBytes is what a value counts for, besides its bytes.
	numberBytes = 8
	// mostInPage is how many bytes go into a page at most, so that a dictionary, which is looked
	// at once for each page, does not become large.
	mostInPage = 4 << 20
	// mostInRow is how many bytes a row may have in a column. The sizes of pages have 31 bits.
	mostInRow = math.MaxInt32 - 16<<20
)

// column is one column of a file that is being written.
type column struct {
	node   *node
	path   []string
	shred  shredder
	flat   func(p place) (parquet.Value, error) // of a value that each row has itself, nil for others
	writer *parquet.ColumnWriter

	pending []parquet.Value
	arena   []byte // what pending values hold, if it could change
	rows    int    // pending
	size    int    // of the pending rows
	inPage  int    // bytes since the last page
	inGroup int64  // bytes since the last row group
	sized   bool   // values have bytes
	copies  bool   // the bytes could change
}

func newColumn(root, n *node) *column {
	kind := n.kind.Kind()
	return &column{
		node: n, shred: shredderOf(root, n), flat: flatValue(root, n),
		sized:  kind == parquet.ByteArray || kind == parquet.FixedLenByteArray,
		copies: kind == parquet.FixedLenByteArray || n.nilable,
	}
}

// add adds a value that is there.
func (c *column) add(v parquet.Value, rep, def int) {
	c.size += numberBytes
	if c.sized {
		c.size += len(v.ByteArray())
		if c.copies && len(v.ByteArray()) <= mostInRow {
			v = c.copied(v)
		}
	}
	if def > 0 {
		v = v.Level(rep, def, c.node.column)
	}
	c.pending = append(c.pending, v)
}

func (c *column) copied(v parquet.Value) parquet.Value {
	from := len(c.arena)
	c.arena = append(c.arena, v.ByteArray()...)
	held := c.arena[from:len(c.arena):len(c.arena)]
	if v.Kind() == parquet.FixedLenByteArray {
		return parquet.FixedLenByteArrayValue(held)
	}
	return parquet.ByteArrayValue(held)
}

// write writes rows, the first of which has the number first.
func (c *column) write(rows elements, first int64) (err error) {
	row := 0
	defer func() {
		err = errors.Join(err, recoveredIn(recover(), c.node.path))
		if fault, ok := errors.AsType[*valueError](err); ok {
			fault.row = first + int64(row)
			err = fault
		}
	}()
	for row = range rows.n {
		before := c.size
		if err := c.take(rows.row(row)); err != nil {
			return err
		}
		if c.size-before > mostInRow {
			return unsupported(c.node.path, errors.New("is larger than the 2 GB that a column of Parquet takes of one row"))
		}
		if c.rows++; c.writer != nil && (c.rows >= pendingRows || c.size >= pendingBytes) {
			if err := c.flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

// take adds what a row has of the column.
func (c *column) take(row place) error {
	if c.flat == nil {
		return c.shred(row, 0, c)
	}
	v, err := c.flat(row.field(c.node.offset))
	if err != nil {
		return unsupported(c.node.path, err)
	}
	if c.sized {
		c.add(v, 0, 0)
		return nil
	}
	c.size += numberBytes
	c.pending = append(c.pending, v)
	return nil
}

// flush hands on what is pending.
func (c *column) flush() error {
	for from := 0; from < len(c.pending); {
		to := c.piece(from)
		if _, err := c.writer.WriteRowValues(c.pending[from:to]); err != nil {
			return err
		}
		from = to
		if c.inPage >= mostInPage {
			c.inPage = 0
			if err := c.writer.Flush(); err != nil {
				return err
			}
		}
	}
	c.inGroup += int64(c.size)
	if c.sized {
		clear(c.pending) // lets go of the bytes
	}
	c.pending, c.arena, c.rows, c.size = c.pending[:0], c.arena[:0], 0, 0
	return nil
}

// piece returns the end of the whole rows, from the value from on, that are written at once.
func (c *column) piece(from int) (to int) {
	if from == 0 && c.rows <= pendingRows && c.size <= pendingBytes {
		c.inPage += c.size
		return len(c.pending)
	}
	rows, size := 0, 0
	for to = from; to < len(c.pending); to++ {
		v := &c.pending[to]
		if v.RepetitionLevel() == 0 {
			if rows == pendingRows || size >= pendingBytes {
				break
			}
			rows++
		}
		size += numberBytes
		if c.sized && !v.IsNull() {
			size += len(v.ByteArray())
		}
	}
	c.inPage += size
	return to
}

// longest returns the size of the longest of the pending values that have bytes.
func (c *column) longest() (size int) {
	if !c.sized {
		return 0
	}
	for i := range c.pending {
		if v := &c.pending[i]; !v.IsNull() {
			size = max(size, len(v.ByteArray()))
		}
	}
	return size
}

// bytes returns how many bytes of the row group are gathered.
func (c *column) bytes() int64 { return c.inGroup + int64(c.size) }

func recoveredIn(fault any, path string) error {
	if fault == nil {
		return nil
	}
	return fmt.Errorf("column %s: %w", path, faultOf(fault))
}
