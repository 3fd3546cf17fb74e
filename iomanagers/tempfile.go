package iomanagers

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
)

// tempFile is a file written whole, waiting for its name.
type tempFile struct {
	name  string // within the root
	bytes int64
}

// writeTemp makes a file in a folder of root from what encode writes, flushed to the disk.
// If encode fails or panics, or ctx ends meanwhile, no file is left.
func writeTemp(ctx context.Context, root *os.Root, folder string, encode func(io.Writer) error) (_ tempFile, err error) {
	// The leading dot keeps it apart from every value's file.
	temp := tempFile{name: filepath.Join(folder, ".tmp-"+rand.Text())}
	file, err := root.OpenFile(temp.name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return tempFile{}, err
	}
	whole := false
	defer func() {
		if !whole {
			err = errors.Join(err, root.Remove(temp.name))
		}
	}()
	defer file.Close() //nolint:errcheck // for the ways out before it is closed below

	buffered := bufio.NewWriterSize(writerFunc(func(p []byte) (int, error) {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		n, err := file.Write(p)
		temp.bytes += int64(n)
		return n, err
	}), 64<<10)
	if err := encode(buffered); err != nil {
		return tempFile{}, err
	}
	// A buffer that failed once keeps failing, so this also tells what a careless codec ignored.
	if err := buffered.Flush(); err != nil {
		return tempFile{}, err
	}
	if err := file.Sync(); err != nil {
		return tempFile{}, err
	}
	if err := file.Close(); err != nil {
		return tempFile{}, err
	}
	whole = true
	return temp, nil
}

// syncFolder makes the names in a folder last through a power cut, where a folder can be
// synced: Windows has no such thing.
func syncFolder(root *os.Root, folder string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	f, err := root.Open(folder)
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // nothing was written through it
	return f.Sync()
}

// readerOf reads a file of a known size until ctx ends.
func readerOf(ctx context.Context, file *os.File, size int64) *io.SectionReader {
	return io.NewSectionReader(readerAtFunc(func(p []byte, off int64) (int, error) {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		return file.ReadAt(p, off)
	}), 0, size)
}

type writerFunc func(p []byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

type readerAtFunc func(p []byte, off int64) (int, error)

func (f readerAtFunc) ReadAt(p []byte, off int64) (int, error) { return f(p, off) }
