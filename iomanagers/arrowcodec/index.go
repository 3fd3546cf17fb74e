package arrowcodec

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"

	flatbuffers "github.com/google/flatbuffers/go"

	"github.com/fxrun/fxrun/iomanagers"
)

// The library believes every length in a file's index and in the heads of its record batches, and
// makes room for as many things: one flipped bit asks for more memory than there is, which ends the
// process and can't be recovered from. So what the library is about to read is walked
// through before, along Arrow's File.fbs, Schema.fbs and Message.fbs.

// deepest is how deep columns may lie in each other, here as in the library.
const deepest = 64

// trailer is what a file ends with: the length of its index and "ARROW1".
const trailer = 4 + 6

// index is where the record batches of a file lie.
type index struct {
	input   io.ReaderAt
	size    int64
	records []block
	// views counts the columns of views, whose record batches tell how many buffers each of them
	// has; in the values of dictionaries they are counted by the dictionary's id.
	views           int
	dictionaryViews map[int64]int
	dictionaries    int
}

// outlived says that memory which is made for one record batch may be used after it: by
// dictionaries, and by long texts of views, which rows share.
func (x *index) outlived() bool { return x.views > 0 || x.dictionaries > 0 }

// block is the head of a record batch or a dictionary.
type block struct {
	offset int64
	length int32
}

// readIndex checks the index of a file and the heads of its dictionaries.
func readIndex(input iomanagers.SizedReaderAt) (_ *index, err error) {
	defer recovered(&err)
	x := &index{input: input, size: input.Size()}
	if x.size < trailer {
		return nil, fmt.Errorf("%d bytes are not an Arrow file", x.size)
	}
	end, err := x.read(x.size-trailer, trailer)
	if err != nil {
		return nil, err
	}
	if string(end[6:]) == "FEA1" {
		return nil, errors.New("it is a file of Feather V1, which is not read: write it as Feather V2, as with pyarrow.feather.write_feather(table, path)")
	}
	if string(end[4:]) != "ARROW1" {
		return nil, errors.New("it is not an Arrow file, or its end is missing (files in the stream format of Arrow are not read: write the file format, as with pyarrow.ipc.new_file)")
	}
	length := int64(binary.LittleEndian.Uint32(end))
	data, err := x.read(x.size-trailer-length, length)
	if err != nil {
		return nil, err
	}
	w := newWalk(data)
	footer := w.root()
	x.views = w.schema(w.table(footer, 6))
	x.dictionaryViews = w.dictionaryViews
	w.metadata(footer, 12)
	dictionaries := w.blocks(footer, 8)
	x.dictionaries, x.records = len(dictionaries), w.blocks(footer, 10)
	for _, dictionary := range dictionaries {
		if err := x.checkHead(dictionary); err != nil {
			return nil, err
		}
	}
	return x, nil
}

func (x *index) read(offset, length int64) ([]byte, error) {
	if offset < 0 || length < 0 || offset > x.size || length > x.size-offset {
		return nil, fmt.Errorf("%d bytes at %d are not within the file's %d", length, offset, x.size)
	}
	data := make([]byte, length)
	_, err := x.input.ReadAt(data, offset)
	return data, err
}

// check checks the head of the i-th record batch.
func (x *index) check(i int) (err error) {
	defer recovered(&err)
	return x.checkHead(x.records[i])
}

// rows returns how many rows the record batches from the i-th on say that they have, up to the first
// whose head is damaged.
func (x *index) rows(i int) (n int) {
	defer func() { _ = recover() }() // reading that record batch says what is wrong
	for _, b := range x.records[i:] {
		w, err := x.head(b)
		if err != nil {
			return n
		}
		batch := w.table(w.root(), 8)
		if n += int(max(0, batch.GetInt64Slot(4, 0))); n < 0 {
			return math.MaxInt
		}
	}
	return n
}

func (x *index) head(b block) (*walk, error) {
	data, err := x.read(b.offset, int64(b.length))
	if err != nil {
		return nil, err
	}
	// A length comes before it, and in files since Arrow 0.15 a mark before that.
	if binary.LittleEndian.Uint32(data) == 0xFFFFFFFF {
		data = data[4:]
	}
	return newWalk(data[4:]), nil
}

func (x *index) checkHead(b block) error {
	w, err := x.head(b)
	if err != nil {
		return err
	}
	message := w.root()
	if err := w.compression(message); err != nil {
		return err
	}
	content := w.table(message, 8)
	views := x.views
	const dictionaryBatch = 2
	if message.GetByteSlot(6, 0) == dictionaryBatch && content != nil {
		views = x.dictionaryViews[content.GetInt64Slot(4, 0)]
		content = w.table(content, 6)
	}
	w.variadic(content, views)
	return nil
}

// walk goes through a flatbuffer. Whatever is out of its place is a panic.
type walk struct {
	data []byte
	left int // how many entries of vectors there is room for

	dictionaryViews map[int64]int
}

func newWalk(data []byte) *walk {
	return &walk{data: data, left: len(data) / 4, dictionaryViews: map[int64]int{}}
}

func (w *walk) root() *flatbuffers.Table {
	return &flatbuffers.Table{Bytes: w.data, Pos: flatbuffers.GetUOffsetT(w.data)}
}

// table returns the table in a slot of another, nil if there is none.
func (w *walk) table(t *flatbuffers.Table, slot flatbuffers.VOffsetT) *flatbuffers.Table {
	if t == nil || t.Offset(slot) == 0 {
		return nil
	}
	return &flatbuffers.Table{Bytes: w.data, Pos: t.Indirect(t.Pos + flatbuffers.UOffsetT(t.Offset(slot)))}
}

// vector returns where the vector in a slot begins and how many entries of size bytes it has.
func (w *walk) vector(t *flatbuffers.Table, slot flatbuffers.VOffsetT, size int) (start flatbuffers.UOffsetT, n int) {
	if t == nil || t.Offset(slot) == 0 {
		return 0, 0
	}
	at := flatbuffers.UOffsetT(t.Offset(slot))
	start, n = t.Vector(at), t.VectorLen(at)
	w.left -= n
	if n < 0 || w.left < 0 || int64(start)+int64(n)*int64(size) > int64(len(w.data)) {
		panic(fmt.Errorf("a list of %d entries does not fit in %d bytes", uint32(n), len(w.data)))
	}
	return start, n
}

func (w *walk) tables(t *flatbuffers.Table, slot flatbuffers.VOffsetT, each func(t *flatbuffers.Table)) {
	start, n := w.vector(t, slot, flatbuffers.SizeUOffsetT)
	for i := range n {
		at := start + flatbuffers.UOffsetT(i*flatbuffers.SizeUOffsetT)
		each(&flatbuffers.Table{Bytes: w.data, Pos: t.Indirect(at)})
	}
}

// schema returns how many columns of views record batches have.
func (w *walk) schema(schema *flatbuffers.Table) (views int) {
	w.tables(schema, 6, func(field *flatbuffers.Table) { views += w.field(field, deepest) })
	w.metadata(schema, 8)
	return views
}

func (w *walk) field(field *flatbuffers.Table, depth int) (views int) {
	if depth == 0 {
		panic(fmt.Errorf("columns lie in each other more than %d deep", deepest))
	}
	w.tables(field, 14, func(child *flatbuffers.Table) { views += w.field(child, depth-1) })
	w.metadata(field, 16)
	const union, binaryView, textView = 14, 23, 24
	switch field.GetByteSlot(8, 0) {
	case union:
		w.vector(w.table(field, 10), 6, 4) // the numbers of its types
	case binaryView, textView:
		views++
	}
	if dictionary := w.table(field, 12); dictionary != nil {
		id := dictionary.GetInt64Slot(4, 0)
		w.dictionaryViews[id] = max(w.dictionaryViews[id], views)
		return 0
	}
	return views
}

func (w *walk) metadata(t *flatbuffers.Table, slot flatbuffers.VOffsetT) {
	w.vector(t, slot, flatbuffers.SizeUOffsetT)
}

// compression refuses a record batch as Arrow 0.17 compressed it, with a note in its metadata. The
// library does not know the note, and would take the compressed bytes for values.
func (w *walk) compression(message *flatbuffers.Table) (err error) {
	w.tables(message, 12, func(entry *flatbuffers.Table) {
		const note = "ARROW:experimental_compression"
		if at := flatbuffers.UOffsetT(entry.Offset(4)); at != 0 && string(entry.ByteVector(entry.Pos+at)) == note {
			err = errors.New("it is compressed as Arrow 0.17 did, which is not read: write it with a later version")
		}
	})
	return err
}

func (w *walk) blocks(footer *flatbuffers.Table, slot flatbuffers.VOffsetT) []block {
	const size = 24
	start, n := w.vector(footer, slot, size)
	blocks := make([]block, n)
	for i := range blocks {
		at := start + flatbuffers.UOffsetT(i*size)
		blocks[i] = block{offset: footer.GetInt64(at), length: footer.GetInt32(at + 8)}
	}
	return blocks
}

// variadic checks how many buffers the columns of views say that they have.
func (w *walk) variadic(batch *flatbuffers.Table, views int) {
	_, buffers := w.vector(batch, 8, 16)
	start, n := w.vector(batch, 12, 8)
	if n < views {
		panic(fmt.Errorf("%d columns of views have %d numbers of buffers", views, n))
	}
	for i := range n {
		if count := batch.GetInt64(start + flatbuffers.UOffsetT(8*i)); count < 0 || count > int64(buffers) {
			panic(fmt.Errorf("a column has %d buffers of %d", count, buffers))
		}
	}
}
