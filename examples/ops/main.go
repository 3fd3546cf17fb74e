// Command ops is a job of ops. Ops are steps that do something, and whose results
// are not needed after the run. The job finds the old files of a folder, deletes
// them, and reports what it did. By default it deletes nothing.
//
//	go run ./examples/ops run --job cleanup
//	go run ./examples/ops run --job cleanup --set steps.delete.config.dry_run=false
//
// The environment variable CLEANUP_PATH names the folder. Without it, the job uses a
// folder with sample files, which it makes under FXRUN_HOME.
package main

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/backoff"
	"github.com/fxrun/fxrun/cli"
	"github.com/fxrun/fxrun/container"
)

// FolderConfig says which folder is cleaned.
type FolderConfig struct {
	Path string `desc:"the folder; without one, a folder of samples"`
}

// OpenFolder opens the folder as an os.Root, so that no name of a file leads out of
// the folder.
func OpenFolder(lc fx.Lifecycle, cfg FolderConfig) (*os.Root, error) {
	if cfg.Path == "" {
		sample, err := MakeSample()
		if err != nil {
			return nil, err
		}
		cfg.Path = sample
	}
	folder, err := os.OpenRoot(cfg.Path)
	if err != nil {
		return nil, err
	}
	lc.Append(fx.StopHook(folder.Close))
	return folder, nil
}

// These are the values that the ops pass to each other. Their types say which op
// gets which value. Each value is stored only for its run.
type (
	File struct {
		Name    string
		Bytes   int64
		Changed time.Time
	}
	Old     []File
	Deleted []File
)

// FindConfig is the config of the op "find". A launch sets it under
// steps.find.config.
type FindConfig struct {
	OlderThan time.Duration `split_words:"true" default:"720h" min:"1m" desc:"age from which a file is old"`
}

// Find finds the old files of the folder, but not those of folders within.
func Find(folder *os.Root, cfg FindConfig) (Old, error) {
	entries, err := fs.ReadDir(folder.FS(), ".")
	if err != nil {
		return nil, err
	}
	var old Old
	for _, entry := range entries {
		info, err := entry.Info()
		switch {
		case errors.Is(err, fs.ErrNotExist): // gone meanwhile
		case err != nil:
			return nil, err
		case info.Mode().IsRegular() && time.Since(info.ModTime()) >= cfg.OlderThan:
			old = append(old, File{entry.Name(), info.Size(), info.ModTime()})
		}
	}
	return old, nil
}

// DeleteConfig says whether files are deleted. By default they are not.
type DeleteConfig struct {
	DryRun bool `split_words:"true" default:"true" desc:"only say what would be deleted"`
}

// Delete deletes the files that were found. It may be called again after a failure.
// A file that no longer exists counts as deleted.
func Delete(folder *os.Root, old Old, cfg DeleteConfig, log *slog.Logger) (Deleted, error) {
	var deleted Deleted
	for _, file := range old {
		if cfg.DryRun {
			log.Info("would delete", "file", file.Name, "changed", file.Changed.Format(time.DateOnly))
			continue
		}
		err := folder.Remove(file.Name)
		switch {
		case errors.Is(err, fs.ErrPermission):
			return nil, assets.Permanent(err) // no further attempt helps
		case err != nil && !errors.Is(err, fs.ErrNotExist):
			return nil, err
		}
		deleted = append(deleted, file)
	}
	return deleted, nil
}

// Report says what was done.
func Report(old Old, deleted Deleted, log *slog.Logger) {
	var bytes int64
	for _, file := range deleted {
		bytes += file.Bytes
	}
	log.Info(fmt.Sprintf("deleted %d of %d old files, %d bytes", len(deleted), len(old), bytes))
}

// Definitions are the program.
func Definitions() fx.Option {
	return fx.Options(
		container.Provide("folder", OpenFolder, container.Config(FolderConfig{}, container.FromEnv("CLEANUP"))),
		assets.NewJob("cleanup",
			assets.DescribeJob("deletes the old files of a folder"),
			assets.NewOp("find", Find, assets.Config(FindConfig{})),
			assets.NewOp("delete", Delete, assets.Config(DeleteConfig{}),
				assets.Retry(2, backoff.Exponential(time.Second, time.Minute))), // a file may be in use for a moment
			assets.NewOp("report", Report),
		),
	)
}

func main() {
	if os.Getenv("FXRUN_HOME") == "" { // each example has a home of its own: they may run in one folder
		_ = os.Setenv("FXRUN_HOME", filepath.Join(".fxrun", "ops"))
	}
	cli.Main(Definitions())
}
