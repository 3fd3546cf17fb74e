package sqltable

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
)

// spool keeps the rows of a stream until there is a connection to store them over. The first of
// them are in memory, and the others in a temporary file. The file loses its name at once where
// the system allows that, so nothing is left of it, whatever ends the process. The zero spool is
// empty.
type spool struct {
	rows  int
	block []byte   // of the rows that were added last
	kept  []string // the blocks in memory
	size  int      // of kept, in bytes
	file  *os.File // of the blocks after those, each after its length; nil as long as there are none
}

const (
	// blockSize is the size in bytes at which a block is complete. A large row makes it larger.
	blockSize = 64 << 10
	// mostKept bounds the bytes that a spool keeps in memory.
	mostKept = 4 << 20
)

// add keeps the values of a row, but nothing of their memory.
func (s *spool) add(values []any) error {
	for _, v := range values {
		s.block = appendValue(s.block, v)
	}
	s.rows++
	if len(s.block) < blockSize {
		return nil
	}
	return s.endBlock()
}

// endBlock puts the last block where the others are. It has to be called after the last row.
func (s *spool) endBlock() error {
	if s.file == nil && s.size+len(s.block) <= mostKept {
		s.kept = append(s.kept, string(s.block))
		s.size += len(s.block)
		s.block = s.block[:0]
		return nil
	}
	if s.file == nil {
		file, err := os.CreateTemp("", "fxrun-rows-")
		if err != nil {
			return fileFault(err)
		}
		s.file = file
		_ = os.Remove(file.Name()) // where this is refused, close removes it
	}
	length := binary.LittleEndian.AppendUint64(nil, uint64(len(s.block)))
	for _, part := range [][]byte{length, s.block} {
		if _, err := s.file.Write(part); err != nil {
			return fileFault(err)
		}
	}
	s.block = s.block[:0]
	return nil
}

// fileFault hides a missing folder for temporary files, which must not pass for a missing value.
func fileFault(err error) error {
	if errors.Is(err, os.ErrNotExist) {
		err = errors.New(err.Error())
	}
	return fmt.Errorf("keeping rows in a temporary file in %s until they are stored: %w", os.TempDir(), err)
}

// each calls fn with the values of every row. fn keeps the values, but not the slice.
func (s *spool) each(ctx context.Context, columns int, fn func(values []any) error) error {
	values := make([]any, columns)
	for _, block := range s.kept {
		if err := eachOf(ctx, block, values, fn); err != nil {
			return err
		}
	}
	if s.file == nil {
		return nil
	}
	if _, err := s.file.Seek(0, io.SeekStart); err != nil {
		return fileFault(err)
	}
	var read []byte
	for {
		var length [8]byte
		if _, err := io.ReadFull(s.file, length[:]); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fileFault(err)
		}
		n := int(binary.LittleEndian.Uint64(length[:]))
		read = slices.Grow(read[:0], n)[:n]
		if _, err := io.ReadFull(s.file, read); err != nil {
			return fileFault(err)
		}
		if err := eachOf(ctx, string(read), values, fn); err != nil {
			return err
		}
	}
}

// eachOf calls fn with the values of every row of a block.
func eachOf(ctx context.Context, block string, values []any, fn func(values []any) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	for block != "" {
		for i := range values {
			values[i], block = cutValue(block)
		}
		if err := fn(values); err != nil {
			return err
		}
	}
	return nil
}

// close removes the file.
func (s *spool) close() {
	if s.file != nil {
		_ = s.file.Close()
		_ = os.Remove(s.file.Name()) // mostly gone already
	}
}
