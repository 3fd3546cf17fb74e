package iomanagers

import (
	"io"
	"runtime"
)

const (
	// collectedSize is the size from which on a file is worth a run of the garbage collector: decoding
	// it takes some hundred milliseconds.
	collectedSize = 32 << 20
	// collectedParts is the number of parts of such a file between which the collector runs.
	collectedParts = 3
)

// collectedReader runs the garbage collector at two places of a large file, while the rows of the
// file are decoded into a slice. encoding/gob makes a new buffer for the bytes of each batch. By
// itself the collector runs when the heap has doubled. The slice is much of the heap, so the garbage
// of the whole file would still be there at the end.
type collectedReader struct {
	r          io.Reader
	size, read int64
	part       int64 // the number of the part that is being read
}

// collected returns a reader of the same bytes and size that runs the collector, if r is large.
func collected(r io.Reader) io.Reader {
	sized, ok := r.(interface{ Size() int64 })
	if !ok || sized.Size() < collectedSize {
		return r
	}
	return &collectedReader{r: r, size: sized.Size()}
}

func (c *collectedReader) Size() int64 { return c.size }

func (c *collectedReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.read += int64(n)
	if part := c.read / (c.size/collectedParts + 1); part > c.part && part < collectedParts {
		c.part = part
		runtime.GC()
	}
	return n, err
}
