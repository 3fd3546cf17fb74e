package iomanagers

import (
	"fmt"
)

// FilesConfig is the configuration of a [FileManager].
type FilesConfig struct {
	// Root is the folder that the files are kept under; "" means "data". A relative path
	// counts from the process's working directory. The first Store makes it if need be.
	Root string `envconfig:"ROOT" json:"root" default:"data" desc:"folder that the files are kept under; made on first use"`
}

// FileManager is a [CodecManager] that keeps one file for each value under a folder.
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
// How the codec is chosen, what of other formats is left, and how streams are read stands at
// CodecManager.
//
// Safe for concurrent use, and for several processes on one folder, as long as two of them
// don't store one asset and partition in two formats at once. Nothing stays open between
// calls but the file of a stream that is being ranged over, so that nothing needs closing.
type FileManager struct{ *CodecManager }

var (
	_ IOManager = (*FileManager)(nil)
	_ Checker   = (*FileManager)(nil)
)

// NewFiles returns a manager of files under cfg.Root. The codecs are as for [NewCodecManager];
// the file system is not touched.
func NewFiles(cfg FilesConfig, codecs ...Codec) (*FileManager, error) {
	if cfg.Root == "" {
		cfg.Root = "data"
	}
	values, err := NewCodecManager(folder(cfg.Root), codecs...)
	if err != nil {
		return nil, fmt.Errorf("making the file manager of %s: %w", cfg.Root, err)
	}
	return &FileManager{values}, nil
}
