package objectstore

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"gocloud.dev/blob"
)

// fileContent is an object of a folder.
type fileContent struct {
	*blob.Reader
	io.ReaderAt
	size int64
}

// newFileContent asks the open file for its size: the reader's own is that of
// the file which had the name a moment before it was opened.
func newFileContent(reader *blob.Reader, file *os.File) (fileContent, error) {
	info, err := file.Stat()
	if err != nil {
		return fileContent{}, errors.Join(err, reader.Close())
	}
	return fileContent{reader, file, info.Size()}, nil
}

func (c fileContent) Size() int64 { return c.size }

// content is an object that comes in one go, and is copied by the first ReadAt.
// The bucket isn't asked for parts of it: by then the object may be another.
type content struct {
	reader *blob.Reader
	began  bool // that Read was called
	copied io.ReaderAt
	at     int64 // of the copy, where Read goes on
	file   *os.File
}

// maxInMemory is the size up to which a copy is kept in memory.
const maxInMemory = 4 << 20

func (c *content) Size() int64 { return c.reader.Size() }

func (c *content) Read(p []byte) (int, error) {
	if c.copied == nil {
		c.began = true
		return c.reader.Read(p)
	}
	n, err := c.copied.ReadAt(p, c.at)
	c.at += int64(n)
	if n > 0 && errors.Is(err, io.EOF) {
		err = nil
	}
	return n, err
}

func (c *content) ReadAt(p []byte, off int64) (int, error) {
	if c.copied == nil {
		if c.began {
			return 0, errors.New("reading at an offset: part of the object was read in sequence before")
		}
		if err := c.copy(); err != nil {
			c.began = true
			return 0, err
		}
	}
	return c.copied.ReadAt(p, off)
}

func (c *content) copy() error {
	if c.Size() <= maxInMemory {
		whole, err := io.ReadAll(c.reader)
		if err != nil {
			return err
		}
		c.copied = bytes.NewReader(whole)
		return nil
	}
	file, err := os.CreateTemp("", "fxrun-object-")
	if err != nil {
		return fmt.Errorf("copying the object to a temporary file: %v", err) //nolint:errorlint // a missing folder must not pass for a missing object
	}
	c.file = file
	// Where an open file can lose its name nothing is left of it, not even by a
	// process that is killed. Elsewhere Close removes it.
	_ = os.Remove(file.Name())
	if _, err := io.Copy(file, c.reader); err != nil {
		return fmt.Errorf("copying the object to a temporary file: %w", err)
	}
	c.copied = file
	return nil
}

func (c *content) Close() error {
	err := c.reader.Close()
	if c.file != nil {
		err = errors.Join(err, c.file.Close())
		_ = os.Remove(c.file.Name()) // mostly gone already
	}
	return err
}
