package parquetcodec_test

import (
	"errors"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/iomanagers/iotest"
	"github.com/fxrun/fxrun/iomanagers/parquetcodec"
	"github.com/fxrun/fxrun/rows"
)

func TestFileManager(t *testing.T) {
	t.Parallel()
	iotest.Run(t, func(t *testing.T) iotest.Subject {
		root := filepath.Join(t.TempDir(), "not yet there")
		open := func(t *testing.T) iomanagers.IOManager { return newFiles(t, root) }
		return iotest.Subject{
			Manager:    open(t),
			Can:        iotest.Partitions | iotest.Streams,
			Unstorable: []iotest.Row{{At: time.Now()}, {}},
			Reopen:     open,
			Names:      func(t *testing.T) []string { return filesBelow(t, root) },
			Open:       openBelow(root),
		}
	})
}

func newFiles(t *testing.T, root string) *iomanagers.FileManager {
	t.Helper()
	m, err := iomanagers.NewFiles(iomanagers.FilesConfig{Root: root}, parquetcodec.Parquet())
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// filesBelow lists every file under root, by its path in root.
func filesBelow(t *testing.T, root string) []string {
	t.Helper()
	var found []string
	err := fs.WalkDir(os.DirFS(root), ".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			found = append(found, path)
		}
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return found
}

// openBelow returns what counts the open files below root, where the system tells.
func openBelow(root string) func(t *testing.T) int {
	const links = "/proc/self/fd"
	if _, err := os.Stat(links); err != nil {
		return nil
	}
	return func(t *testing.T) int {
		entries, err := os.ReadDir(links)
		if err != nil {
			t.Fatal(err)
		}
		open := 0
		for _, entry := range entries {
			if target, err := os.Readlink(filepath.Join(links, entry.Name())); err == nil && strings.HasPrefix(target, root) {
				open++
			}
		}
		return open
	}
}

func TestAManagerSaysWhichTypesParquetTakes(t *testing.T) {
	t.Parallel()
	type user struct {
		Name     string
		Password container.Secret[string]
	}
	type harmless struct {
		Name     string
		Password container.Secret[string] `parquet:"-"`
	}
	m := newFiles(t, t.TempDir())
	for _, c := range []struct {
		name string
		t    reflect.Type
		want string // a part of the refusal, "" if the type is taken
	}{
		{"rows", reflect.TypeFor[[]order](), ""},
		{"a stream", reflect.TypeFor[iter.Seq2[order, error]](), ""},
		{"batches", reflect.TypeFor[iter.Seq2[[]order, error]](), ""},
		{"a stream of pointers", reflect.TypeFor[iter.Seq2[*order, error]](), ""},
		{"secrets that are left out", reflect.TypeFor[[]harmless](), ""},
		{"secrets", reflect.TypeFor[[]user](), "is a container.Secret, of which only the mask would be stored"},
		{"a stream of secrets", reflect.TypeFor[iter.Seq2[user, error]](), "is a container.Secret"},
		{"a struct", reflect.TypeFor[order](), "parquet"},
		{"texts", reflect.TypeFor[[]string](), "parquet"},
		{"a stream of texts", reflect.TypeFor[iter.Seq2[string, error]](), "parquet"},
		{"a stream of chunks", reflect.TypeFor[iter.Seq2[[]byte, error]](), "parquet"},
		{"a stream without errors", reflect.TypeFor[iter.Seq[order]](), "parquet"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			err := m.Check("parquet", c.t)
			if c.want == "" && err != nil {
				t.Errorf("%v is refused: %v", c.t, err)
			}
			if c.want != "" && (!errors.Is(err, iomanagers.ErrType) || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("Check of %v gives %v, want %q", c.t, err, c.want)
			}
		})
	}
}

func TestAFileThatDoesNotFitLeavesTheDestinationAlone(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	m := newFiles(t, root)
	for asset, stored := range map[string][]order{"orders": {{1, "tea", 2}, {7, "milk", 1}}, "none": {}} {
		if err := m.Store(t.Context(), iomanagers.Output{Asset: asset}, stored); err != nil {
			t.Fatal(err)
		}
	}
	load := func(asset string, dst any) error {
		return m.Load(t.Context(), iomanagers.Input{Asset: asset}, dst)
	}
	wrong := []struct{ ID bool }{{true}}
	if err := load("orders", &wrong); !errors.Is(err, iomanagers.ErrType) || len(wrong) != 1 {
		t.Errorf("a column of another type gives %v and %v", wrong, err)
	}
	for _, asset := range []string{"orders", "none"} {
		keys := []struct{ Key int }{{5}}
		if err := load(asset, &keys); !errors.Is(err, iomanagers.ErrType) || !strings.Contains(err.Error(), "no column Key") || len(keys) != 1 {
			t.Errorf("%s: a column that isn't in the file gives %v and %v", asset, keys, err)
		}
	}
	var stream iter.Seq2[struct{ Key int }, error]
	if err := load("orders", &stream); !errors.Is(err, iomanagers.ErrType) || stream != nil {
		t.Errorf("a stream of a column that isn't in the file gives %v", err)
	}
	name := filepath.Join(root, "orders.parquet")
	if err := os.WriteFile(name, []byte("PAR1"), 0o600); err != nil {
		t.Fatal(err)
	}
	var loaded iter.Seq2[order, error]
	if err := load("orders", &loaded); err == nil || !strings.Contains(err.Error(), name) || loaded != nil {
		t.Errorf("a damaged file gives %v", err)
	}
}

func TestASliceAndAStreamMakeTheSameFile(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 3000} {
		all := make([]order, n)
		for i := range all {
			all[i] = order{ID: int64(i), Item: "tea"}
		}
		root := t.TempDir()
		m := newFiles(t, root)
		for asset, value := range map[string]any{"slice": all, "stream": rows.From(all), "batches": rows.Batch(rows.From(all), 0)} {
			if err := m.Store(t.Context(), iomanagers.Output{Asset: asset}, value); err != nil {
				t.Fatal(err)
			}
		}
		var files [3]string
		for i, asset := range []string{"slice", "stream", "batches"} {
			data, err := os.ReadFile(filepath.Join(root, asset+".parquet"))
			if err != nil {
				t.Fatal(err)
			}
			files[i] = string(data)
		}
		if files[1] != files[0] || files[2] != files[0] {
			t.Errorf("%d rows: the files have %d, %d and %d bytes", n, len(files[0]), len(files[1]), len(files[2]))
		}
	}
}

func TestTimesFollowTheirTags(t *testing.T) {
	t.Parallel()
	type row struct {
		Exact  time.Time
		Zero   time.Time `parquet:",optional"`
		Coarse time.Time `parquet:"coarse,timestamp(microsecond)"`
		Maybe  *time.Time
		Left   time.Time `parquet:"-"`
	}
	coarse := time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC)
	stored := []row{
		{Exact: time.Date(1678, 1, 1, 0, 0, 0, 1, time.UTC), Coarse: coarse},
		{Exact: time.Date(2261, 12, 31, 23, 59, 59, 999999999, time.UTC), Coarse: coarse},
	}
	m := newFiles(t, t.TempDir())
	if err := m.Store(t.Context(), iomanagers.Output{Asset: "times"}, stored); err != nil {
		t.Fatal(err)
	}
	var got []row
	if err := m.Load(t.Context(), iomanagers.Input{Asset: "times"}, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(stored, got); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}
