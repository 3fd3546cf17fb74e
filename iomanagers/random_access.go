package iomanagers

import (
	"bytes"
	"io"
)

// SizedReaderAt holds bytes that can be read at any offset. A *bytes.Reader is a
// SizedReaderAt, and so is an *io.SectionReader.
type SizedReaderAt interface {
	io.ReaderAt
	// Size returns how many bytes there are.
	Size() int64
}

// RandomAccess returns a reader for formats whose index is at their end. r is the reader that
// a [Codec] was given. If r can be read at any offset, the result is r itself. Otherwise
// RandomAccess reads all of r into memory, and returns the error of reading.
func RandomAccess(r io.Reader) (SizedReaderAt, error) {
	if input, ok := r.(SizedReaderAt); ok {
		return input, nil
	}
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	return bytes.NewReader(data), nil
}
