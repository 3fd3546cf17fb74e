package main

import (
	"os"
	"path/filepath"
	"time"

	"github.com/fxrun/fxrun"
)

// MakeSample makes a folder with three sample files for the job, unless the folder
// exists.
func MakeSample() (folder string, err error) {
	folder = filepath.Join(fxrun.Home(), "sample")
	if _, err := os.Stat(folder); err == nil {
		return folder, nil
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return "", err
	}
	for name, days := range map[string]int{"new.txt": 0, "old.txt": 60, "older.txt": 600} {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte("a sample\n"), 0o600); err != nil {
			return "", err
		}
		changed := time.Now().AddDate(0, 0, -days)
		if err := os.Chtimes(path, changed, changed); err != nil {
			return "", err
		}
	}
	return folder, nil
}
