package iomanagers

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"strings"
	"sync"

	"github.com/fxrun/fxrun/internal/tempfile"
)

// folder is a [Place] whose objects are files.
type folder struct {
	path  string
	swept sync.Map // the folders below that have been looked through for leftovers, once each
}

// root opens the folder, so that no name and no symbolic link leads out of it.
func (f *folder) root() (*os.Root, error) {
	root, err := os.OpenRoot(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: there is no folder %s", ErrNotFound, f.path)
	}
	return root, err
}

func (f *folder) Path(name string) string { return filepath.Join(f.path, filepath.FromSlash(name)) }

func (f *folder) Create(_ context.Context, name string) (Draft, error) {
	root, err := f.makeRoot()
	if err != nil {
		return nil, err
	}
	local := filepath.FromSlash(name)
	below := filepath.Dir(local)
	inner, err := makeFolder(root, below)
	if err != nil {
		return nil, errors.Join(err, root.Close())
	}
	f.sweep(root, drafts)
	if f.sweep(root, below) {
		f.keepFolders(root, below)
	}
	if isOfRun(name) {
		_ = inner.Close()
		return createApart(root, local)
	}
	_ = root.Close()
	// What is done to the file is done within its own folder. Otherwise each call would open all
	// folders on the way to it.
	return (&fileDraft{root: inner, below: ".", name: filepath.Base(local)}).create()
}

// makeRoot opens the folder, and makes it if it is missing. Mostly it is there.
func (f *folder) makeRoot() (*os.Root, error) {
	root, err := f.root()
	if !errors.Is(err, ErrNotFound) {
		return root, err
	}
	if err := os.MkdirAll(f.path, 0o777); err != nil {
		return nil, err
	}
	return f.root()
}

// makeFolder opens a folder within root, and makes it if it is missing.
func makeFolder(root *os.Root, folder string) (*os.Root, error) {
	inner, err := root.OpenRoot(folder)
	if !errors.Is(err, fs.ErrNotExist) {
		return inner, err
	}
	if err := root.MkdirAll(folder, 0o777); err != nil {
		return nil, err
	}
	return root.OpenRoot(folder)
}

// sweep removes what killed processes have left in a folder, once for each folder. It reports
// whether it was the first time.
func (f *folder) sweep(root *os.Root, below string) (first bool) {
	if _, swept := f.swept.LoadOrStore(below, true); swept {
		return false
	}
	tempfile.Sweep(root, below, func(name string) bool { return strings.HasPrefix(name, temporary) })
	return true
}

// drafts is the folder of drafts of values that belong to one run. Nobody else stores in the
// folder of that run, so what a killed process had left there would stay. The name is that of no
// key, since these have no dot.
const drafts = ".drafts"

// isOfRun reports whether a value belongs to one run: its key begins with a tilde. See Remover.
func isOfRun(name string) bool { return strings.HasPrefix(name, "%7E") }

// createApart makes a draft in the folder drafts.
func createApart(root *os.Root, local string) (Draft, error) {
	if err := root.MkdirAll(drafts, 0o777); err != nil {
		return nil, errors.Join(err, root.Close())
	}
	return (&fileDraft{root: root, from: drafts, below: filepath.Dir(local), name: local}).create()
}

// keepFolders makes the names of the folders on the way survive a power failure, as far as the
// system lets us: the draft flushes its own folder, and tells if that fails.
func (f *folder) keepFolders(root *os.Root, below string) {
	for ; below != "."; below = filepath.Dir(below) {
		_ = syncFolder(root, filepath.Dir(below))
	}
	if outer, err := os.OpenRoot(filepath.Dir(f.path)); err == nil {
		_ = syncFolder(outer, ".")
		_ = outer.Close()
	}
}

// temporary begins the name of a file that is being written. The dot keeps it apart from
// every value's file.
const temporary = ".tmp-"

// fileDraft is a file that waits for its name. It is beside its destination, or in a folder of
// drafts.
type fileDraft struct {
	root        *os.Root // closed with the draft
	from, below string   // the folders of the draft and of the destination
	file        *os.File
	name, temp  string // within root
	release     func() // the claim of temp
}

// create makes the file, and claims it. After an error it closes the root.
func (d *fileDraft) create() (_ Draft, err error) {
	defer func() {
		if err != nil {
			err = errors.Join(err, d.root.Close())
		}
	}()
	for {
		d.temp = filepath.Join(d.from, temporary+rand.Text())
		if d.file, err = d.root.OpenFile(d.temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666); err != nil {
			return nil, err
		}
		if d.release, err = tempfile.Claim(d.file); err != nil {
			return nil, errors.Join(err, d.file.Close(), d.root.Remove(d.temp))
		}
		if tempfile.Exists(d.root, d.temp, d.file) {
			return d, nil
		}
		d.release() // another process has taken it for a leftover just before
		_ = d.file.Close()
	}
}

func (d *fileDraft) Write(p []byte) (int, error) { return d.file.Write(p) }

func (d *fileDraft) Commit() error { return d.commitOver(nil) }

// commitOver is Commit, and then removes files of the same folder while it has this open.
func (d *fileDraft) commitOver(others []string) error {
	if err := d.file.Sync(); err != nil {
		return errors.Join(err, d.Abort())
	}
	if err := d.file.Close(); err != nil {
		return errors.Join(err, d.remove())
	}
	if err := d.root.Rename(d.temp, d.name); err != nil {
		return errors.Join(err, d.remove())
	}
	d.release()
	defer d.root.Close()
	var warnings []error
	if err := syncFolder(d.root, d.below); err != nil {
		warnings = append(warnings, fmt.Errorf("the value is stored, but a power failure may lose it: %w", err))
	}
	if err := d.removeOthers(others); err != nil {
		warnings = append(warnings, notRemoved(err))
	}
	if len(warnings) > 0 {
		return &StoredError{errors.Join(warnings...)}
	}
	return nil
}

// removeOthers removes files of the folder of the destination.
func (d *fileDraft) removeOthers(others []string) error {
	names := make([]string, len(others))
	for i, other := range others {
		names[i] = path.Base(other)
	}
	if d.below == "." {
		return removeFiles(d.root, names)
	}
	return removeIn(d.root, d.below, names)
}

func (d *fileDraft) Abort() error {
	_ = d.file.Close() // what it holds is thrown away
	return d.remove()
}

func (d *fileDraft) remove() error {
	defer d.root.Close()
	defer d.release()
	return d.root.Remove(d.temp)
}

func (f *folder) Open(_ context.Context, name string) (Content, error) {
	root, err := f.root()
	if err != nil {
		return nil, err
	}
	defer root.Close()
	file, err := root.Open(filepath.FromSlash(name))
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return &fileContent{file: file, size: info.Size()}, nil
}

type fileContent struct {
	file *os.File
	size int64
}

func (c *fileContent) Read(p []byte) (int, error)              { return c.file.Read(p) }
func (c *fileContent) ReadAt(p []byte, off int64) (int, error) { return c.file.ReadAt(p, off) }
func (c *fileContent) Size() int64                             { return c.size }
func (c *fileContent) Close() error                            { return c.file.Close() }

func (f *folder) Remove(_ context.Context, names ...string) error {
	root, err := f.root()
	if err != nil {
		return err
	}
	defer root.Close()
	for below, names := range byFolder(names) {
		if err := removeIn(root, below, names); err != nil {
			return err
		}
	}
	return nil
}

// byFolder sorts names by their folders, so that each folder is opened once.
func byFolder(names []string) map[string][]string {
	sorted := make(map[string][]string)
	for _, name := range names {
		local := filepath.FromSlash(name)
		sorted[filepath.Dir(local)] = append(sorted[filepath.Dir(local)], filepath.Base(local))
	}
	return sorted
}

// removeIn removes files of a folder, which mostly are not there.
func removeIn(root *os.Root, below string, names []string) error {
	inner, err := root.OpenRoot(below)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer inner.Close()
	return removeFiles(inner, names)
}

// removeFiles removes files in the folder that root is.
func removeFiles(root *os.Root, names []string) error {
	removed := false
	for _, name := range names {
		if _, err := root.Lstat(name); errors.Is(err, fs.ErrNotExist) {
			continue // one call to the system, where Remove makes two
		}
		if err := root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		removed = true
	}
	if !removed {
		return nil
	}
	return syncFolder(root, ".")
}

// syncFolder makes the names in a folder survive a power failure, if the system can sync
// folders. Windows cannot.
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

var _ FolderPlace = (*folder)(nil)

func (f *folder) RemoveFolder(_ context.Context, name string) error {
	root, err := f.root()
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	defer root.Close()
	below := filepath.FromSlash(name)
	if err := root.RemoveAll(below); err != nil {
		return err
	}
	f.swept.Range(func(swept, _ any) bool {
		if path, ok := swept.(string); ok && (path == below || strings.HasPrefix(path, below+string(filepath.Separator))) {
			f.swept.Delete(swept)
		}
		return true
	})
	return nil
}
