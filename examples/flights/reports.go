package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/iomanagers"
)

// Reports is where reports are kept. A name has slashes between its folders.
type Reports interface {
	// Write stores a report in place of the earlier one of this name, and returns
	// its path for people.
	Write(ctx context.Context, name string, page []byte) (path string, err error)
	// Names returns the names of the files in a folder, sorted; none if there is no
	// such folder.
	Names(ctx context.Context, folder string) ([]string, error)
	// Remove deletes reports. One that no longer exists is not an error.
	Remove(ctx context.Context, names ...string) error
}

// ReportsConfig says where reports are kept.
type ReportsConfig struct {
	Folder string `required:"true" desc:"folder of the reports; made when the run starts"`
}

// ReportFolder keeps reports as files of a folder. No name leads out of the folder,
// also not by symbolic links. It is safe for concurrent use, but not by several
// writers of one name.
type ReportFolder struct {
	folder string
	root   *os.Root // nil until the start
}

// NewReportFolder returns the folder of cfg. The folder is made and opened when lc
// starts, and closed when lc stops.
func NewReportFolder(lc fx.Lifecycle, cfg ReportsConfig) *ReportFolder {
	reports := &ReportFolder{folder: cfg.Folder}
	lc.Append(fx.Hook{
		OnStart: func(context.Context) (err error) {
			if err := os.MkdirAll(cfg.Folder, 0o777); err != nil {
				return fmt.Errorf("making the folder of reports: %w", err)
			}
			if reports.root, err = os.OpenRoot(cfg.Folder); err != nil {
				return fmt.Errorf("opening the folder of reports: %w", err)
			}
			return nil
		},
		OnStop: func(context.Context) error { return reports.root.Close() },
	})
	return reports
}

// NewReportFiles returns an IO manager that keeps pages of HTML in the folder of
// the reports.
func NewReportFiles(reports *ReportFolder) (*iomanagers.FileManager, error) {
	return iomanagers.NewFiles(iomanagers.FilesConfig{Root: reports.folder}, iomanagers.Raw(".html"))
}

// Write stores a report. It is written beside its place and renamed, so nobody
// reads half a report.
func (r *ReportFolder) Write(_ context.Context, name string, page []byte) (string, error) {
	file := filepath.FromSlash(name)
	temporary := filepath.Join(filepath.Dir(file), ".new-"+filepath.Base(file))
	err := r.root.MkdirAll(filepath.Dir(file), 0o777)
	if err == nil {
		err = r.root.WriteFile(temporary, page, 0o666)
	}
	if err == nil {
		err = r.root.Rename(temporary, file)
	}
	if err != nil {
		_ = r.root.Remove(temporary)
		return "", fmt.Errorf("writing the report %s: %w", name, err)
	}
	return filepath.Join(r.folder, file), nil
}

// Names returns the names of the files in a folder.
func (r *ReportFolder) Names(_ context.Context, folder string) ([]string, error) {
	entries, err := fs.ReadDir(r.root.FS(), folder)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("listing the reports in %s: %w", folder, err)
	}
	var names []string
	for _, entry := range entries {
		if entry.Type().IsRegular() {
			names = append(names, path.Join(folder, entry.Name()))
		}
	}
	return names, nil
}

// Remove deletes reports.
func (r *ReportFolder) Remove(ctx context.Context, names ...string) error {
	var faults []error
	for _, name := range names {
		if err := ctx.Err(); err != nil {
			return errors.Join(append(faults, err)...)
		}
		if err := r.root.Remove(filepath.FromSlash(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			faults = append(faults, fmt.Errorf("deleting the report %s: %w", name, err))
		}
	}
	return errors.Join(faults...)
}
