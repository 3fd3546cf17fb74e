package iomanagers

import (
	"bytes"
	"io"
)

// SizedReaderAt is bytes that can be read at any offset. A *bytes.Reader is one, as is an
// *io.SectionReader.
type SizedReaderAt interface {
	io.ReaderAt
	// Size returns how many bytes there are.
	Size() int64
}

// RandomAccess returns what a [Codec] was given to read from as something that can be read at any
// offset, for formats whose index stands at their end: r itself if it is that, else all of it
// in memory. The error is that of reading it.
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
