package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/fsnotify/fsnotify"
)

// changes tells when files of a program have changed, and no more of them change.
type changes struct {
	quiet chan struct{} // has a value after changes

	files *fsnotify.Watcher
	ended sync.WaitGroup

	mu       sync.Mutex
	embedded map[string]bool // paths of files that are no Go files
}

func newChanges() (*changes, error) {
	files, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, err
	}
	c := &changes{quiet: make(chan struct{}, 1), files: files}
	c.ended.Go(c.follow)
	return c, nil
}

func (c *changes) close() {
	_ = c.files.Close() // it has nothing to say
	c.ended.Wait()
}

// follow waits for changes, and then until nothing more changes. What was missed, since too
// much has changed at once, counts as a change.
func (c *changes) follow() {
	timer := time.NewTimer(time.Hour)
	timer.Stop()
	defer timer.Stop()
	for {
		select {
		case event, ok := <-c.files.Events:
			if !ok {
				return
			}
			if c.matters(event) {
				timer.Reset(buildSoon)
			}
		case _, ok := <-c.files.Errors:
			if !ok {
				return
			}
			timer.Reset(buildSoon)
		case <-timer.C:
			c.again()
		}
	}
}

// again tells of changes, once more if somebody has heard of them already.
func (c *changes) again() {
	select {
	case c.quiet <- struct{}{}:
	default:
	}
}

// matters reports whether a change may change the program. Editors write a file under another
// name and rename it, which is a change of the folder.
func (c *changes) matters(event fsnotify.Event) bool {
	name := filepath.Base(event.Name)
	switch {
	case event.Op == fsnotify.Chmod, strings.HasSuffix(name, "_test.go"):
		return false
	case slices.Contains([]string{"go.mod", "go.sum", "go.work", "go.work.sum"}, name),
		slices.Contains([]string{".go", ".s", ".c", ".h", ".cc", ".cpp"}, filepath.Ext(name)):
		return true
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.embedded[event.Name]
}

// listedPackage is a package as go list tells of it.
type listedPackage struct {
	Dir                 string
	Standard            bool
	Module              *listedModule
	GoFiles, EmbedFiles []string
}

type listedModule struct {
	Main         bool
	Version, Dir string
	Replace      *listedModule
}

// isLocal reports whether somebody may edit the package: its module is not a downloaded one.
func (p listedPackage) isLocal() bool {
	m := p.Module
	return !p.Standard && p.Dir != "" && (m == nil || m.Main || m.Version == "" || m.Replace != nil && m.Replace.Version == "")
}

// watch watches the files of the program whose main package is in a folder. It is called
// again after changes, which may add packages.
func (c *changes) watch(ctx context.Context, source string) error {
	list := exec.CommandContext(ctx, "go", append([]string{"list", "-deps", "-e", "-json=Dir,Standard,Module,GoFiles,EmbedFiles"}, append(buildFlags(), ".")...)...)
	list.Dir = source
	text, err := list.Output()
	if err != nil {
		return errors.Join(fmt.Errorf("listing the packages of the program: %w", err), c.files.Add(source))
	}
	embedded := make(map[string]bool)
	folders := map[string]bool{source: true}
	decoder := json.NewDecoder(bytes.NewReader(text))
	for {
		var one listedPackage
		if err := decoder.Decode(&one); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return fmt.Errorf("listing the packages of the program: %w", err)
		}
		if one.isLocal() {
			one.watched(folders, embedded)
		}
	}
	c.mu.Lock()
	c.embedded = embedded
	c.mu.Unlock()
	var faults []error
	for folder := range folders {
		faults = append(faults, c.files.Add(folder))
	}
	return errors.Join(faults...)
}

// watched adds the folders whose changes may change the package. A file may be a symbolic
// link to a file elsewhere.
func (p listedPackage) watched(folders, embedded map[string]bool) {
	folders[p.Dir] = true
	if p.Module != nil && p.Module.Dir != "" {
		folders[p.Module.Dir] = true
	}
	for _, name := range slices.Concat(p.GoFiles, p.EmbedFiles) {
		file := filepath.Join(p.Dir, name)
		real, err := filepath.EvalSymlinks(file)
		if err != nil {
			continue
		}
		folders[filepath.Dir(file)], folders[filepath.Dir(real)] = true, true
		if filepath.Ext(name) != ".go" {
			embedded[file], embedded[real] = true, true
		}
	}
}
