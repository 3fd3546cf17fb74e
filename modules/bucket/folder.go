package bucket

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"gocloud.dev/blob"

	"github.com/fxrun/fxrun/internal/tempfile"
)

// ErrOutside is matched by the error of a key of a folder that a symbolic link leads out of
// the folder.
var ErrOutside = errors.New("a symbolic link leads out of the folder")

// folder is where a bucket that is a folder keeps its files.
type folder struct {
	path   string // absolute; "" for a bucket that is no folder
	prefix string // of all keys
}

// check refuses a key whose file is elsewhere, because a folder above it, or the file itself,
// is a symbolic link that leads out. The driver would follow it.
func (f folder) check(key string) error {
	if f.path == "" {
		return nil
	}
	root, err := os.OpenRoot(f.path)
	if err != nil {
		return nil //nolint:nilerr // the driver says what is wrong
	}
	defer root.Close()
	for _, name := range f.names(key) {
		if _, err := root.Stat(name); err == nil || errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if _, err := os.Stat(filepath.Join(f.path, name)); err == nil { // seen, but not from inside
			return fmt.Errorf("%w: %s", ErrOutside, filepath.Join(f.path, name))
		}
	}
	return nil
}

// names returns the paths of the folders above a key's file, and of the file.
func (f folder) names(key string) []string {
	key = f.prefix + key
	var names []string
	for i, c := range key {
		if c != '/' || i == 0 {
			continue
		}
		if i == len(key)-1 || strings.HasSuffix(key[:i], "..") || key[i-1] == '/' {
			return names // the driver escapes this slash: what follows has another name
		}
		names = append(names, filepath.FromSlash(key[:i]))
	}
	return append(names, filepath.FromSlash(key))
}

// sweep removes what killed processes have left where the file of a key will lie.
func (f folder) sweep(key string) {
	root, err := os.OpenRoot(f.path)
	if err != nil {
		return
	}
	defer root.Close()
	tempfile.Sweep(root, path.Dir(f.prefix+key), temporary.MatchString)
}

// NewReader opens an object for reading. A file outside of the folder of a bucket is refused
// with [ErrOutside]; so it is by the other methods.
func (b *Bucket) NewReader(ctx context.Context, key string, opts *blob.ReaderOptions) (*blob.Reader, error) {
	if err := b.folder.check(key); err != nil {
		return nil, err
	}
	return b.Bucket.NewReader(ctx, key, opts)
}

// NewRangeReader opens a part of an object for reading.
func (b *Bucket) NewRangeReader(ctx context.Context, key string, offset, length int64, opts *blob.ReaderOptions) (*blob.Reader, error) {
	if err := b.folder.check(key); err != nil {
		return nil, err
	}
	return b.Bucket.NewRangeReader(ctx, key, offset, length, opts)
}

// ReadAll returns the content of an object.
func (b *Bucket) ReadAll(ctx context.Context, key string) ([]byte, error) {
	if err := b.folder.check(key); err != nil {
		return nil, err
	}
	return b.Bucket.ReadAll(ctx, key)
}

// NewWriter begins to write an object. Most programs should use [Bucket.Write].
func (b *Bucket) NewWriter(ctx context.Context, key string, opts *blob.WriterOptions) (*blob.Writer, error) {
	if err := b.folder.check(key); err != nil {
		return nil, err
	}
	return b.Bucket.NewWriter(ctx, key, opts)
}

// Delete removes an object.
func (b *Bucket) Delete(ctx context.Context, key string) error {
	if err := b.folder.check(key); err != nil {
		return err
	}
	return b.Bucket.Delete(ctx, key)
}

// Copy copies an object within the bucket.
func (b *Bucket) Copy(ctx context.Context, to, from string, opts *blob.CopyOptions) error {
	if err := errors.Join(b.folder.check(to), b.folder.check(from)); err != nil {
		return err
	}
	return b.Bucket.Copy(ctx, to, from, opts)
}
