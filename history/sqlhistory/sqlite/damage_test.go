package sqlite_test

import (
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/history/sqlhistory"
	"github.com/fxrun/fxrun/history/sqlhistory/sqlite"
)

func TestADamagedHistorySaysWhatToDo(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]func(content []byte) []byte{
		"another kind of file": func([]byte) []byte { return []byte(strings.Repeat("not a database ", 1000)) },
		"a changed header":     func(content []byte) []byte { copy(content, "SQLite format 9"); return content },
		"cut off":              func(content []byte) []byte { return content[:len(content)/2] },
		"pages of noise": func(content []byte) []byte {
			for i := 4096; i < len(content); i++ {
				content[i] = byte(i * 7)
			}
			return content
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			if _, err := (closing{folder}).Append(t.Context(), queued("r1"), queued("r2")); err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(folder, sqlite.FileName)
			content, err := os.ReadFile(file)
			if err == nil {
				err = os.WriteFile(file, damage(content), 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
			reader, reading := sqlite.OpenForReading(t.Context(), folder)
			if reading == nil {
				_, reading = reader.Events(t.Context(), history.EventQuery{})
				_ = reader.Close()
			}
			_, writing := (closing{folder}).Append(t.Context(), queued("r3"))
			for way, err := range map[string]error{"reading": reading, "writing": writing} {
				if !errors.Is(err, sqlhistory.ErrDamaged) || !strings.Contains(err.Error(), file+" can't be read: ") || !strings.Contains(err.Error(), "; put a copy of it back, or move it away") {
					t.Errorf("%s gives the error %v", way, err)
				}
			}
		})
	}
}

func TestAHistoryWhoseVersionIsLostIsDamaged(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	if _, err := (closing{folder}).Append(t.Context(), queued("r1")); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", filepath.Join(folder, sqlite.FileName))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), "DELETE FROM schema_version"); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	reader, reading := sqlite.OpenForReading(t.Context(), folder)
	if reading == nil {
		_, reading = reader.Events(t.Context(), history.EventQuery{})
		_ = reader.Close()
	}
	_, writing := (closing{folder}).Append(t.Context(), queued("r3"))
	for way, err := range map[string]error{"reading": reading, "writing": writing} {
		if !errors.Is(err, sqlhistory.ErrDamaged) || !strings.Contains(err.Error(), "its tables have no version any more; put a copy of it back") {
			t.Errorf("%s gives the error %v", way, err)
		}
	}
}

// A process whose history was taken away goes on writing into files that nobody will ever read.
func TestAHistoryThatIsTakenAwayIsNoticed(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("files in use can't be removed there")
	}
	for name, c := range map[string]struct {
		take func(folder string) error
		want string
	}{
		"the home is removed":   {os.RemoveAll, "fxrun.db was removed while it was in use"},
		"the home is moved":     {func(folder string) error { return os.Rename(folder, folder+"-moved") }, "fxrun.db was removed while it was in use"},
		"the file is removed":   {func(folder string) error { return os.Remove(filepath.Join(folder, sqlite.FileName)) }, "fxrun.db was removed while it was in use"},
		"the log is removed":    {func(folder string) error { return os.Remove(filepath.Join(folder, sqlite.FileName+"-wal")) }, "fxrun.db-wal was removed while it was in use"},
		"the file is truncated": {func(folder string) error { return os.Truncate(filepath.Join(folder, sqlite.FileName), 0) }, ""},
		"another file is put there": {func(folder string) error {
			file := filepath.Join(folder, sqlite.FileName)
			if err := os.WriteFile(file+".new", []byte("x"), 0o600); err != nil {
				return err
			}
			return os.Rename(file+".new", file)
		}, "fxrun.db was replaced by another file while it was in use"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := filepath.Join(t.TempDir(), "home")
			store, err := sqlite.Open(t.Context(), folder)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = store.Close() }() // nothing of it is there
			if _, err := store.Append(t.Context(), queued("r1")); err != nil {
				t.Fatal(err)
			}
			if err := c.take(folder); err != nil {
				t.Fatal(err)
			}
			for _, id := range []string{"r2", "r3"} {
				if _, err := store.Append(t.Context(), queued(id)); !errors.Is(err, sqlhistory.ErrDamaged) || !strings.Contains(err.Error(), c.want) {
					t.Errorf("appending %s returned %v, want ErrDamaged and %q", id, err, c.want)
				}
			}
		})
	}
}
