package arrowcodec

import (
	"errors"
	"fmt"
	"io"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/fxrun/fxrun/iomanagers"
)

// file reads the record batches of a file one after another.
type file struct {
	*ipc.FileReader
	index *index
	next  int
	// memory is that of the last record batch, if the next one may have it. It is nil otherwise.
	memory *reused
}

// open reads the file's index and dictionaries. If once is set, each record batch is used only until
// the next one is read.
func (c codec) open(r io.Reader, once bool) (_ *file, err error) {
	input, err := iomanagers.RandomAccess(r)
	if err != nil {
		return nil, err
	}
	random := wholeReads{input}
	index, err := readIndex(random)
	if err != nil {
		return nil, err
	}
	defer recovered(&err)
	// The library's limits are for streams, whose lengths nothing confirms: in a file they are
	// compared with its size.
	f := &file{index: index}
	allocator := c.memory
	if once && !index.outlived() {
		f.memory = &reused{Allocator: allocator}
		allocator = f.memory
	}
	f.FileReader, err = ipc.NewFileReader(io.NewSectionReader(random, 0, input.Size()),
		ipc.WithAllocator(bounded{allocator, input.Size()}), ipc.WithBodySizeLimit(0), ipc.WithMetadataSizeLimit(0))
	if err != nil {
		return nil, err
	}
	return f, nil
}

// read returns the next record batch, which is the caller's to release, and io.EOF at the end.
func (f *file) read() (arrow.RecordBatch, error) {
	if f.next == f.NumRecords() {
		return nil, io.EOF
	}
	if err := f.index.check(f.next); err != nil {
		return nil, err
	}
	if f.memory != nil {
		f.memory.next()
	}
	batch, err := f.RecordBatchAt(f.next)
	if err != nil {
		return nil, err
	}
	f.next++
	if err := validate(batch); err != nil {
		batch.Release()
		return nil, err
	}
	return batch, nil
}

// Close gives the memory back, also of the last record batch.
func (f *file) Close() error {
	err := f.FileReader.Close()
	if f.memory != nil {
		f.memory.end()
	}
	return err
}

// wholeReads forgets the io.EOF that may come with the last bytes, which the library takes for
// a fault.
type wholeReads struct{ iomanagers.SizedReaderAt }

func (r wholeReads) ReadAt(p []byte, off int64) (int, error) {
	n, err := r.SizedReaderAt.ReadAt(p, off)
	if n == len(p) && errors.Is(err, io.EOF) {
		err = nil
	}
	return n, err
}

// bounded refuses, by the panic that the library's own faults come as, to allocate more than a
// file of size bytes can hold: a damaged length would otherwise be the process's end.
type bounded struct {
	memory.Allocator
	size int64
}

// densest is how many bytes one byte of a file can stand for: a block of Zstandard is at most
// 128 KiB, and at least 4 bytes.
const densest = 32 << 10

func (b bounded) check(size int) {
	if size < 0 || int64(size)/densest > b.size {
		panic(fmt.Errorf("a length of %d bytes in a file of %d", size, b.size))
	}
}

func (b bounded) Allocate(size int) []byte {
	b.check(size)
	return b.Allocator.Allocate(size)
}

func (b bounded) Reallocate(size int, memory []byte) []byte {
	b.check(size)
	return b.Allocator.Reallocate(size, memory)
}

// recovered turns a panic of the library, its way to report damaged files and unfit values, into
// an error.
func recovered(err *error) {
	if cause := recover(); cause != nil {
		if reason, ok := cause.(error); ok {
			*err = fmt.Errorf("handling Arrow: %w", reason)
		} else {
			*err = fmt.Errorf("handling Arrow: %v", cause)
		}
	}
}
