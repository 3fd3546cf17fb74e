package iomanagers

import (
	"bytes"
	"io"
)

// csvBlockSize is how much text is read at once, apart from longer records.
const csvBlockSize = 64 << 10

// csvBlocks cuts what it reads into texts of whole records.
type csvBlocks struct {
	r    io.Reader
	left []byte // of the last block, the beginning of the next
	err  error  // what the reader has returned
	line int    // of the next block, from 1
}

// next returns the next records, in memory that becomes the caller's, and the number of their
// first line. want is how many bytes there are at least, if there are so many; 0 means one
// record. If memory has room, it is used. After the last record next returns the error of
// the reader.
func (b *csvBlocks) next(memory []byte, want int) (text []byte, line int, err error) {
	text = append(memory[:0], b.left...)
	b.left = b.left[:0]
	cut, searched, quotes := 0, 0, 0
	for b.err == nil {
		if len(text) >= want {
			if cut, searched, quotes = lastRecordEnd(text, cut, searched, quotes); cut > 0 {
				break
			}
		}
		text = b.fill(text)
	}
	if b.err == io.EOF { //nolint:errorlint // a wrapped one is a fault half way
		cut = len(text) // the last line may lack its end
	} else if b.err != nil {
		cut, _, _ = lastRecordEnd(text, cut, searched, quotes)
	}
	if cut == 0 {
		return nil, 0, b.err
	}
	b.left = append(b.left, text[cut:]...)
	line = max(b.line, 1)
	b.line = line + bytes.Count(text[:cut], []byte{'\n'})
	return text[:cut], line, nil
}

// fill reads once, into more memory if there is little left.
func (b *csvBlocks) fill(text []byte) []byte {
	if free := cap(text) - len(text); free < 1024 {
		bigger := make([]byte, len(text), max(csvBlockSize+1024, 2*cap(text)))
		copy(bigger, text)
		text = bigger
	}
	for range 100 {
		var n int
		n, b.err = b.r.Read(text[len(text):cap(text)])
		text = text[:len(text)+n]
		if n > 0 || b.err != nil {
			return text
		}
	}
	b.err = io.ErrNoProgress
	return text
}

// lastRecordEnd returns the end of the last whole record of text, 0 if there is none: behind
// the last line end with an even number of quotes before it. It goes on from an earlier search
// that found no end before searched.
func lastRecordEnd(text []byte, cut, searched, quotes int) (end, searchedTo, quotesTo int) {
	total := quotes + bytes.Count(text[searched:], []byte{'"'})
	before := total
	for to := len(text); to > searched; {
		at := searched + bytes.LastIndexByte(text[searched:to], '\n')
		if at < searched {
			break
		}
		before -= bytes.Count(text[at:to], []byte{'"'})
		if before%2 == 0 {
			return at + 1, len(text), total
		}
		to = at
	}
	return cut, len(text), total
}
