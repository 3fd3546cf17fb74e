package iomanagers

import (
	"cmp"
	"fmt"
	"path/filepath"
	"strings"
)

// FilesConfig is the configuration of a [FileManager].
type FilesConfig struct {
	// Root is the folder for the files. "" means "data". A relative path starts at the
	// working directory of the process. The first Store makes the folder if it does not exist.
	Root string `envconfig:"ROOT" json:"root" default:"data" desc:"folder that the files are kept under; made on first use"`
	// Shared says that all machines see this folder at the same path, for instance because it
	// is in a network file system. A run on many machines is refused without it, and also if
	// Root is a relative path. It changes nothing else.
	Shared bool `json:"shared" desc:"all machines that execute steps see this folder"`
}

const defaultRoot = "data"

// Validate refuses a Root that begins with a tilde. Only a shell reads it as the home folder
// of a user, and values would be kept in a folder that is called ~.
func (c FilesConfig) Validate() error {
	if !strings.HasPrefix(c.Root, "~") {
		return nil
	}
	return fmt.Errorf("the root %s begins with a tilde, which only a shell replaces: give the whole path, or %s for a folder of this name", c.Root, "./"+c.Root)
}

// StaysOnMachine returns why another machine cannot load values from the folder. It returns ""
// if the folder is shared.
func (c FilesConfig) StaysOnMachine() string {
	root := cmp.Or(c.Root, defaultRoot)
	switch {
	case !c.Shared:
		return fmt.Sprintf("it keeps files in the folder %s, and its config does not say by \"shared\" that all machines see this folder", root)
	case !filepath.IsAbs(root):
		return fmt.Sprintf("its folder %s is shared, but is a relative path, which leads to another folder in each working directory: give an absolute path", root)
	}
	return ""
}

// FileManager is a [CodecManager] that keeps one file for each value under a folder.
//
// If the asset raw/orders is stored as CSV, its file is raw/orders.csv. The file of its
// partition 2026-01-02 is raw/orders/partition=2026-01-02.csv. Characters of a key are
// escaped, except lower-case letters, digits, dash, underscore and slash. So no two keys share
// a file, even if the file system does not distinguish upper and lower case, and no file is
// outside the folder, even if the folder has symbolic links.
//
// A value is written to a file named .tmp-* beside its destination, flushed to the disk and
// renamed. If something fails before that, the earlier value stays whole and the temporary
// file is removed. If flushing the folder fails after that, the value is stored, and the
// metadata "warning" says that a power failure may lose it. Only if the process ends while it
// writes does a temporary file stay; nothing reads it. The first Store of another process into
// the same folder removes it, on systems where a lock tells that nobody writes it any more:
// Linux, macOS and the BSDs.
//
// When a Store has returned without an error, the value survives the end of the process, also by
// SIGKILL. If the metadata has no "warning", it survives a power failure too, if the disk keeps
// what it has confirmed: the file is flushed before it takes its name, and the folder after that.
// These are two calls of fsync for each value. Windows cannot flush folders, so there a power
// failure may bring the earlier value back, whole.
//
// The documentation of CodecManager says how the codec is chosen, what happens to values in
// other formats, and how streams are read.
//
// Each file has the extended attribute user.fxrun.run, which holds the run that stored it. By
// this attribute a step finds out that another run has replaced the value of its own run, see
// Input.MadeBy. File systems without extended attributes keep no run.
//
// A FileManager is safe for concurrent use. Several processes may use one folder, as long as
// two of them do not store one asset and partition in two formats at the same time. Between
// calls only the file of a stream that is being read is open, so nothing needs to be closed.
type FileManager struct {
	*CodecManager
	config FilesConfig
}

var (
	_ IOManager = (*FileManager)(nil)
	_ Stager    = (*FileManager)(nil)
	_ Checker   = (*FileManager)(nil)
)

// Stages reports whether the manager is m.
func (m *FileManager) Stages(manager IOManager) bool {
	same, ok := manager.(*FileManager)
	return ok && same == m
}

// StaysOnMachine returns why another machine cannot load the values, as the config says it. It
// returns "" if the folder is shared.
func (m *FileManager) StaysOnMachine() string { return m.config.StaysOnMachine() }

// NewFiles returns a manager of files under cfg.Root. The codecs are those of
// [NewCodecManager]. It does not read or write the file system.
func NewFiles(cfg FilesConfig, codecs ...Codec) (*FileManager, error) {
	cfg.Root = cmp.Or(cfg.Root, defaultRoot)
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("making the file manager: %w", err)
	}
	values, err := NewCodecManager(&folder{path: cfg.Root}, codecs...)
	if err != nil {
		return nil, fmt.Errorf("making the file manager of %s: %w", cfg.Root, err)
	}
	return &FileManager{values, cfg}, nil
}
