package iomanagers

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"sync"

	"github.com/fxrun/fxrun/iomanagers/internal/filekey"
)

// FilesConfig is the configuration of a [FileManager].
type FilesConfig struct {
	// Root is the folder that the files are kept under; "" means "data". A relative path
	// counts from the process's working directory. The first Store makes it if need be.
	Root string `envconfig:"ROOT" json:"root" default:"data" desc:"folder that the files are kept under; made on first use"`
}

// FileManager is an [IOManager] that keeps one file for each value under a folder.
//
// The file of asset raw/orders, stored as CSV, is raw/orders.csv, its partition
// 2026-01-02 is raw/orders/partition=2026-01-02.csv. Characters of a key other than lower-case
// letters, digits, dash, underscore and slash are escaped, so that no two keys share a file,
// also where the file system ignores case, and none leaves the folder, symbolic links included.
//
// A value is written to a file named .tmp-* beside its destination, flushed to the disk and
// renamed. Whatever fails before that leaves the earlier value whole and removes the temporary
// file; only a process that dies while it writes leaves one behind, which nothing reads.
//
// The codec is the one that the asset's Format names, else the first that claims the Go type
// ([TypeClaimer]), else the first given; for loads the same. Once a value is stored, files that
// hold the same asset and partition in the formats of the manager's other codecs are removed.
// A load doesn't read files in other formats, but its error names them: it matches [ErrNotFound]
// if the format was asked for, [ErrType] if the Go type chose it.
//
// Safe for concurrent use, and for several processes on one folder, as long as two of them
// don't store one asset and partition in two formats at once. Nothing stays open between
// calls, so that nothing needs closing.
type FileManager struct {
	folder string
	codecs codecs

	// commit is held while a file takes its place and those in other formats go: otherwise
	// two stores in two formats could each remove the other's.
	commit sync.Mutex
}

var (
	_ IOManager = (*FileManager)(nil)
	_ Checker   = (*FileManager)(nil)
)

var extensionPattern = regexp.MustCompile(`^\.[a-z0-9_-][a-z0-9._-]{0,30}$`)

// NewFiles returns a manager of files under cfg.Root. The first codec is the default; none
// at all means JSON, then CSV and Raw(""). An error means that codecs share a name or an
// extension or have one that can't be used; the file system is not touched.
func NewFiles(cfg FilesConfig, codecs ...Codec) (*FileManager, error) {
	if cfg.Root == "" {
		cfg.Root = "data"
	}
	if len(codecs) == 0 {
		codecs = []Codec{JSON(), CSV(), Raw("")}
	}
	var faults []error
	names, extensions := map[string]bool{}, map[string]string{}
	for _, codec := range codecs {
		name, extension := codec.Name(), codec.Extension()
		if name == "" {
			faults = append(faults, fmt.Errorf("a codec for %s has no name", extension))
		}
		if names[name] {
			faults = append(faults, fmt.Errorf("there are two codecs named %q", name))
		}
		if !extensionPattern.MatchString(extension) {
			faults = append(faults, fmt.Errorf("codec %q: extension %q is not a dot and up to 31 of a-z, 0-9, dot, dash and underscore", name, extension))
		}
		if other, taken := extensions[extension]; taken {
			faults = append(faults, fmt.Errorf("codecs %q and %q share the extension %s", other, name, extension))
		}
		names[name], extensions[extension] = true, name
	}
	if err := errors.Join(faults...); err != nil {
		return nil, fmt.Errorf("making the file manager of %s: %w", cfg.Root, err)
	}
	return &FileManager{folder: cfg.Root, codecs: codecs}, nil
}

// Check reports whether values of type t can be stored in the named format.
func (m *FileManager) Check(format string, t reflect.Type) error {
	_, err := m.codecs.pickFor(format, t)
	return err
}

// Store writes value to its file. Of metadata it gives "path" (under Root, in the operating
// system's form), "bytes" and "rows".
func (m *FileManager) Store(ctx context.Context, out Output, value any) error {
	if err := m.store(ctx, out, value); err != nil {
		return fmt.Errorf("storing %v: %w", out, err)
	}
	return nil
}

func (m *FileManager) store(ctx context.Context, out Output, value any) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	declared, err := out.declared(value)
	if err != nil {
		return err
	}
	codec, err := m.codecs.pickFor(out.Format, declared)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(m.folder, 0o777); err != nil {
		return err
	}
	root, err := os.OpenRoot(m.folder)
	if err != nil {
		return err
	}
	defer root.Close()

	base := filepath.FromSlash(filekey.Path(out.Asset, out.Partition))
	if err := root.MkdirAll(filepath.Dir(base), 0o777); err != nil {
		return err
	}
	temp, err := writeTemp(ctx, root, filepath.Dir(base), func(w io.Writer) error {
		if err := codec.Encode(w, value); err != nil {
			return fmt.Errorf("encoding as %s: %w", codec.Name(), err)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := m.replace(ctx, root, temp.name, base, codec); err != nil {
		return err
	}
	out.AddMetadata("path", filepath.Join(m.folder, base+codec.Extension()))
	out.AddMetadata("bytes", temp.bytes)
	addRows(out, value)
	return nil
}

// replace gives the temporary file its place and removes the same value in other formats.
func (m *FileManager) replace(ctx context.Context, root *os.Root, temp, base string, codec Codec) error {
	m.commit.Lock()
	defer m.commit.Unlock()
	err := ctx.Err()
	if err == nil {
		err = root.Rename(temp, base+codec.Extension())
	}
	if err != nil {
		return errors.Join(err, root.Remove(temp))
	}
	for _, other := range m.codecs {
		if other.Extension() == codec.Extension() {
			continue
		}
		if err := root.Remove(base + other.Extension()); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("removing the earlier value in format %s: %w", other.Name(), err)
		}
	}
	return syncFolder(root, filepath.Dir(base))
}

// Load reads the value's file into dst.
func (m *FileManager) Load(ctx context.Context, in Input, dst any) error {
	if err := m.load(ctx, in, dst); err != nil {
		return fmt.Errorf("loading %v: %w", in, err)
	}
	return nil
}

func (m *FileManager) load(ctx context.Context, in Input, dst any) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	target, err := in.target(dst)
	if err != nil {
		return err
	}
	codec, err := m.codecs.pickFor(in.Format, target.Type())
	if err != nil {
		return err
	}
	root, err := os.OpenRoot(m.folder)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: there is no folder %s", ErrNotFound, m.folder)
	}
	if err != nil {
		return err
	}
	defer root.Close()

	base := filepath.FromSlash(filekey.Path(in.Asset, in.Partition))
	file, err := root.Open(base + codec.Extension())
	if errors.Is(err, fs.ErrNotExist) {
		return m.notFound(root, base, in.Format, codec)
	}
	if err != nil {
		return err
	}
	defer file.Close() //nolint:errcheck // it was only read

	info, err := file.Stat()
	if err != nil {
		return err
	}
	// Decoded aside, so that a fault half way leaves the destination as it was.
	decoded := reflect.New(target.Type())
	if err := codec.Decode(readerOf(ctx, file, info.Size()), decoded.Interface()); err != nil {
		return fmt.Errorf("decoding %s: %w", filepath.Join(m.folder, base+codec.Extension()), err)
	}
	target.Set(decoded.Elem())
	return nil
}

// notFound says what there is in the place of the value that codec would have stored. A
// format asked for by name isn't there; where the Go type chose the format, a value is
// there, but not for that type.
func (m *FileManager) notFound(root *os.Root, base, format string, codec Codec) error {
	var others []string
	for _, other := range m.codecs {
		if _, err := root.Stat(base + other.Extension()); err == nil {
			others = append(others, other.Name())
		}
	}
	stored := strings.Join(others, ", ")
	switch {
	case stored == "":
		return ErrNotFound
	case format == "":
		return fmt.Errorf("%w: it is stored as %s, and a type without a format is loaded from %s: ask for the format", ErrType, stored, codec.Name())
	}
	return fmt.Errorf("%w as %s, only as %s: ask for that format, or store it anew", ErrNotFound, codec.Name(), stored)
}
