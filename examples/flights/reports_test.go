package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/fx/fxtest"

	"github.com/fxrun/fxrun/runs"
)

// startReports returns the reports of a new folder, which the start makes.
func startReports(t *testing.T) (reports *ReportFolder, folder string) {
	t.Helper()
	folder = filepath.Join(t.TempDir(), "new", "reports")
	lc := fxtest.NewLifecycle(t)
	reports = NewReportFolder(lc, ReportsConfig{Folder: folder})
	if _, err := os.Stat(folder); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("before the start: %v", err)
	}
	lc.RequireStart()
	t.Cleanup(lc.RequireStop)
	return reports, folder
}

func TestReportFolder(t *testing.T) {
	t.Run("writes in place of the earlier report, lists and deletes", func(t *testing.T) {
		reports, folder := startReports(t)
		for _, name := range []string{"archive/b.html", "archive/a.html", "archive/deep/c.html", "d.html", "archive/a.html"} {
			path, err := reports.Write(t.Context(), name, []byte("page "+name))
			if want := filepath.Join(folder, filepath.FromSlash(name)); err != nil || path != want {
				t.Errorf("path %s, error %v, want %s", path, err, want)
			}
		}
		names, err := reports.Names(t.Context(), "archive")
		if diff := cmp.Diff([]string{"archive/a.html", "archive/b.html"}, names); diff != "" || err != nil {
			t.Errorf("error %v, want (-), got (+):\n%s", err, diff)
		}
		if err := reports.Remove(t.Context(), "archive/a.html", "archive/missing.html", "d.html"); err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff([]string{"archive/b.html", "archive/deep/c.html"}, filesIn(t, folder)); diff != "" {
			t.Errorf("files, want (-), got (+):\n%s", diff)
		}
	})

	t.Run("lists no names where there is no such folder", func(t *testing.T) {
		reports, _ := startReports(t)
		if names, err := reports.Names(t.Context(), "archive"); len(names) != 0 || err != nil {
			t.Errorf("got %q, %v", names, err)
		}
	})

	t.Run("keeps the earlier report when the new one cannot be written", func(t *testing.T) {
		reports, folder := startReports(t)
		if _, err := reports.Write(t.Context(), "a.html/b.html", nil); err != nil {
			t.Fatal(err)
		}
		if _, err := reports.Write(t.Context(), "a.html", []byte("page")); err == nil {
			t.Error("a report took the place of a folder")
		}
		if diff := cmp.Diff([]string{"a.html/b.html"}, filesIn(t, folder)); diff != "" {
			t.Errorf("files, want (-), got (+):\n%s", diff)
		}
	})

	t.Run("refuses a name that leads out of the folder", func(t *testing.T) {
		reports, folder := startReports(t)
		outside := filepath.Join(filepath.Dir(folder), "victim.html")
		if err := os.WriteFile(outside, []byte("kept"), 0o666); err != nil {
			t.Fatal(err)
		}
		if _, err := reports.Write(t.Context(), "../victim.html", nil); err == nil {
			t.Error("it was written")
		}
		if err := reports.Remove(t.Context(), "../victim.html"); err == nil {
			t.Error("it was deleted")
		}
		if content, err := os.ReadFile(outside); string(content) != "kept" || err != nil {
			t.Errorf("it holds %q, error %v", content, err)
		}
		if diff := cmp.Diff([]string{"victim.html"}, filesIn(t, filepath.Dir(folder))); diff != "" {
			t.Errorf("files, want (-), got (+):\n%s", diff)
		}
	})
}

// The report of the IO manager and those of the days are in the same folder, wherever
// that is.
func TestReportsInAnotherFolder(t *testing.T) {
	elsewhere := filepath.Join(t.TempDir(), "elsewhere")
	t.Setenv("REPORTS_FOLDER", elsewhere)
	launcher, home := start(t)
	record, err := run(t, launcher, runs.Request{Job: "nightly"})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{record.Queued.Format(archived), "delays/report.html"}
	if diff := cmp.Diff(want, filesIn(t, elsewhere)); diff != "" {
		t.Errorf("files, want (-), got (+):\n%s", diff)
	}
	if _, err := os.Stat(filepath.Join(home, "reports")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the usual folder: %v", err)
	}
}
