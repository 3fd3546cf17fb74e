package iomanagers_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/kelseyhightower/envconfig"

	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/rows"
)

type order struct {
	ID   int
	Item string
}

func store(t *testing.T, m iomanagers.IOManager, out iomanagers.Output, value any) {
	t.Helper()
	if err := m.Store(t.Context(), out, value); err != nil {
		t.Fatal(err)
	}
}

func TestFilesAreNamedAfterKeys(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	m := newFiles(t, root, everyCodec()...)
	metadata := map[string]any{}
	store(t, m, iomanagers.Output{Asset: "raw/orders", Format: "csv", Metadata: metadata}, []order{{1, "tea"}})
	store(t, m, iomanagers.Output{Asset: "raw/orders", Partition: "2026-01-02", Format: "jsonl"}, []order{{1, "tea"}})
	store(t, m, iomanagers.Output{Asset: "page"}, "<html>")
	store(t, m, iomanagers.Output{Asset: "picture"}, []byte("\x89PNG"))
	store(t, m, iomanagers.Output{Asset: "lines", Format: "jsonl"}, rows.From([]order{{1, "tea"}}))
	store(t, m, iomanagers.Output{Asset: "values", Format: "gob"}, map[order]int{{1, "tea"}: 2})
	store(t, m, iomanagers.Output{Asset: "Total v1.2"}, 7)

	want := []string{"!total%20v1%2E2.json", "lines.jsonl", "page.txt", "picture.bin", "raw/orders/partition=2026-01-02.jsonl", "raw/orders.csv", "values.gob"}
	if diff := cmp.Diff(want, files(t, root)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	wantMetadata := map[string]any{"path": filepath.Join(root, "raw", "orders.csv"), "bytes": int64(len("ID,Item\n1,tea\n")), "rows": 1}
	if diff := cmp.Diff(wantMetadata, metadata); diff != "" {
		t.Errorf("metadata (-want +got):\n%s", diff)
	}
}

func TestAChangedFormatLeavesNoSecondTruth(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	m := newFiles(t, root, everyCodec()...)
	store(t, m, iomanagers.Output{Asset: "orders", Format: "csv"}, []order{{1, "tea"}})
	if err := os.WriteFile(filepath.Join(root, "orders.xlsx"), []byte("somebody's own"), 0o600); err != nil {
		t.Fatal(err)
	}

	var loaded []order
	err := m.Load(t.Context(), iomanagers.Input{Asset: "orders", Format: "json"}, &loaded)
	if !errors.Is(err, iomanagers.ErrNotFound) || !strings.Contains(err.Error(), "only as csv") {
		t.Errorf("loading another format by name gives %v", err)
	}
	err = m.Load(t.Context(), iomanagers.Input{Asset: "orders"}, &loaded)
	if !errors.Is(err, iomanagers.ErrType) || !strings.Contains(err.Error(), "stored as csv") {
		t.Errorf("loading the default format gives %v", err)
	}

	store(t, m, iomanagers.Output{Asset: "orders"}, []order{{2, "milk"}})
	if diff := cmp.Diff([]string{"orders.json", "orders.xlsx"}, files(t, root)); diff != "" {
		t.Errorf("files after storing in another format (-want +got):\n%s", diff)
	}
}

func TestStoresInTwoFormatsAtOnceLeaveOneOfThem(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	m := newFiles(t, root, everyCodec()...)
	for range 20 {
		done := make(chan error)
		for _, format := range []string{"csv", "json", "gob"} {
			go func() {
				done <- m.Store(context.Background(), iomanagers.Output{Asset: "orders", Format: format}, []order{{1, "tea"}})
			}()
		}
		for range 3 {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
		if got := files(t, root); len(got) != 1 {
			t.Fatalf("files: %q, want one", got)
		}
	}
}

// scripted is a codec that does what a test wants.
type scripted struct {
	encode func(w io.Writer, value any) error
	decode func(r io.Reader, dst any) error
}

func (scripted) Name() string                          { return "scripted" }
func (scripted) Extension() string                     { return ".txt" }
func (c scripted) Encode(w io.Writer, value any) error { return c.encode(w, value) }
func (c scripted) Decode(r io.Reader, dst any) error   { return c.decode(r, dst) }

func TestAStoreThatEndsHalfWayLeavesTheOldFile(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	chunk := make([]byte, 1<<20)
	for _, c := range []struct {
		name   string
		encode func(w io.Writer, value any) error
		want   error
	}{
		{"by an error", func(w io.Writer, _ any) error { w.Write(chunk); return errFlaky }, errFlaky},
		{"by cancellation while writing", func(w io.Writer, _ any) error {
			cancel()
			for range 10 {
				if _, err := w.Write(chunk); err != nil {
					return err
				}
			}
			return errors.New("writing goes on after cancellation")
		}, context.Canceled},
		{"by cancellation after the last byte", func(w io.Writer, _ any) error { cancel(); return nil }, context.Canceled},
		{"by a write error that the codec ignores", func(w io.Writer, _ any) error { cancel(); w.Write(chunk); w.Write(chunk); return nil }, context.Canceled},
		{"by a panic", func(w io.Writer, _ any) error { w.Write(chunk); panic(errFlaky) }, errFlaky},
	} {
		t.Run(c.name, func(t *testing.T) {
			root := t.TempDir()
			if errors.Is(c.want, context.Canceled) {
				ctx, cancel = context.WithCancel(t.Context())
			} else {
				ctx = t.Context()
			}
			if err := os.WriteFile(filepath.Join(root, "orders.txt"), []byte("old"), 0o600); err != nil {
				t.Fatal(err)
			}
			m := newFiles(t, root, scripted{encode: c.encode})
			err := func() (err error) {
				defer func() {
					if fault := recover(); fault != nil {
						err = fault.(error)
					}
				}()
				return m.Store(ctx, iomanagers.Output{Asset: "orders"}, 1)
			}()
			if !errors.Is(err, c.want) {
				t.Errorf("error %v, want %v", err, c.want)
			}
			if diff := cmp.Diff([]string{"orders.txt"}, files(t, root)); diff != "" {
				t.Errorf("files (-want +got):\n%s", diff)
			}
			if data, err := os.ReadFile(filepath.Join(root, "orders.txt")); string(data) != "old" {
				t.Errorf("the old file holds %q, %v", data, err)
			}
		})
	}
}

func TestAFileThatGetsNoNameIsRemoved(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	if err := os.MkdirAll(filepath.Join(root, "orders.json", "in the way"), 0o700); err != nil {
		t.Fatal(err)
	}
	m := newFiles(t, root)
	if err := m.Store(t.Context(), iomanagers.Output{Asset: "orders"}, []order{{1, "tea"}}); err == nil {
		t.Error("a store in the place of a folder succeeds")
	}
	if got := files(t, root); len(got) > 0 {
		t.Errorf("files left: %q", got)
	}
}

func TestACancelledLoadStopsReading(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	m := newFiles(t, t.TempDir(), scripted{
		encode: func(w io.Writer, _ any) error { _, err := w.Write(make([]byte, 1<<20)); return err },
		decode: func(r io.Reader, dst any) error {
			if _, err := io.ReadFull(r, make([]byte, 10)); err != nil {
				return err
			}
			*dst.(*int) = 7
			cancel()
			_, err := io.ReadAll(r)
			return err
		},
	})
	store(t, m, iomanagers.Output{Asset: "orders"}, 1)
	dst := 3
	if err := m.Load(ctx, iomanagers.Input{Asset: "orders"}, &dst); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want context.Canceled", err)
	}
	if dst != 3 {
		t.Errorf("the destination is %d after a failed load, want 3", dst)
	}
}

func TestAFileOfAnotherShapeLeavesTheDestinationAlone(t *testing.T) {
	t.Parallel()
	type renamed struct{ Key int }
	type retyped struct{ ID bool }
	for _, format := range []string{"json", "csv"} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			root := t.TempDir()
			m := newFiles(t, root, everyCodec()...)
			store(t, m, iomanagers.Output{Asset: "orders", Format: format}, []order{{1, "tea"}, {7, "milk"}})
			store(t, m, iomanagers.Output{Asset: "none", Format: format}, []order{})

			in := iomanagers.Input{Asset: "orders", Format: format}
			wrong := []retyped{{true}}
			if err := m.Load(t.Context(), in, &wrong); !errors.Is(err, iomanagers.ErrType) || len(wrong) != 1 {
				t.Errorf("a column of another type gives %v and %v", wrong, err)
			}
			if format != "json" {
				for _, asset := range []string{"orders", "none"} {
					keys := []renamed{{5}}
					err := m.Load(t.Context(), iomanagers.Input{Asset: asset, Format: format}, &keys)
					if !errors.Is(err, iomanagers.ErrType) || !strings.Contains(err.Error(), "no column Key") || len(keys) != 1 {
						t.Errorf("a column that isn't in the file gives %v and %v", keys, err)
					}
				}
			}
			var fewer []struct{ Item string }
			if err := m.Load(t.Context(), in, &fewer); format == "json" {
				if !errors.Is(err, iomanagers.ErrType) || !strings.Contains(err.Error(), "field ID is not in the type") {
					t.Errorf("fewer columns than in the file give %v and %v", fewer, err)
				}
			} else if err != nil || len(fewer) != 2 || fewer[1].Item != "milk" {
				t.Errorf("fewer columns than in the file give %v and %v", fewer, err)
			}

			for _, damage := range []string{"", "garbage\"", "PAR1 and more PAR1"} {
				if err := os.WriteFile(filepath.Join(root, "orders."+format), []byte(damage), 0o600); err != nil {
					t.Fatal(err)
				}
				before := []order{{9, "old"}}
				err := m.Load(t.Context(), in, &before)
				if err == nil || !strings.Contains(err.Error(), "orders."+format) || before[0].ID != 9 {
					t.Errorf("a file of %q gives %v and error %v", damage, before, err)
				}
			}
		})
	}
}

func TestLinksDoNotLeadOutOfTheFolder(t *testing.T) {
	t.Parallel()
	outside, root := t.TempDir(), t.TempDir()
	if err := os.Symlink(outside, filepath.Join(root, "raw")); err != nil {
		t.Skip(err)
	}
	m := newFiles(t, root)
	if err := m.Store(t.Context(), iomanagers.Output{Asset: "raw/orders"}, 1); err == nil {
		t.Error("a store through a link out of the folder succeeds")
	}
	if got := files(t, outside); len(got) > 0 {
		t.Errorf("files outside: %q", got)
	}
	if err := os.WriteFile(filepath.Join(outside, "orders.json"), []byte("1"), 0o600); err != nil {
		t.Fatal(err)
	}
	var n int
	if err := m.Load(t.Context(), iomanagers.Input{Asset: "raw/orders"}, &n); err == nil {
		t.Error("a load through a link out of the folder succeeds")
	}
}

func TestTheFolderIsMadeByTheFirstStoreOnly(t *testing.T) {
	t.Parallel()
	root := filepath.Join(t.TempDir(), "a", "b")
	m := newFiles(t, root)
	var n int
	if err := m.Load(t.Context(), iomanagers.Input{Asset: "n"}, &n); !errors.Is(err, iomanagers.ErrNotFound) || !strings.Contains(err.Error(), root) {
		t.Errorf("a load without a folder gives %v", err)
	}
	if _, err := os.Stat(root); err == nil {
		t.Error("a load has made the folder")
	}
	store(t, m, iomanagers.Output{Asset: "n"}, 1)
	if err := m.Load(t.Context(), iomanagers.Input{Asset: "n"}, &n); err != nil || n != 1 {
		t.Errorf("Load: %d, %v", n, err)
	}
}

func TestAFolderThatWasRemovedIsMadeAgain(t *testing.T) {
	t.Parallel()
	root := filepath.Join(t.TempDir(), "values")
	m := newFiles(t, root)
	for i, removed := range []string{"", "raw", "."} {
		if removed != "" {
			if err := os.RemoveAll(filepath.Join(root, removed)); err != nil {
				t.Fatal(err)
			}
		}
		store(t, m, iomanagers.Output{Asset: "raw/n"}, i)
		var n int
		if err := m.Load(t.Context(), iomanagers.Input{Asset: "raw/n"}, &n); err != nil || n != i {
			t.Errorf("after %q was removed, the value is %d, %v", removed, n, err)
		}
	}
}

func TestAChangedFormatReplacesTheValueInItsFolder(t *testing.T) {
	t.Parallel()
	for key, want := range map[string]string{
		"orders": "orders.json", "raw/orders": "raw/orders.json", "~x/orders": "%7Ex/orders.json", // of a run
	} {
		t.Run("for the key "+key, func(t *testing.T) {
			t.Parallel()
			root := t.TempDir()
			m := newFiles(t, root, everyCodec()...)
			store(t, m, iomanagers.Output{Asset: key, Format: "csv"}, []order{{1, "tea"}})
			store(t, m, iomanagers.Output{Asset: key, Format: "json"}, []order{{2, "milk"}})
			if diff := cmp.Diff([]string{want}, files(t, root)); diff != "" {
				t.Errorf("files after storing in another format (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAnUnknownFormatNamesTheNearest(t *testing.T) {
	t.Parallel()
	m := newFiles(t, t.TempDir(), everyCodec()...)
	for format, want := range map[string]string{
		"jsnl":  `storing orders: not supported: there is no format "jsnl" among json, csv, jsonl, gob, text, raw; did you mean "jsonl"?`,
		"CSV":   `storing orders: not supported: there is no format "CSV" among json, csv, jsonl, gob, text, raw; did you mean "csv"?`,
		"excel": `storing orders: not supported: there is no format "excel" among json, csv, jsonl, gob, text, raw`,
	} {
		err := m.Store(t.Context(), iomanagers.Output{Asset: "orders", Format: format}, []order{})
		if !errors.Is(err, iomanagers.ErrUnsupported) || err.Error() != want {
			t.Errorf("format %q gives\n%v, want\n%s", format, err, want)
		}
	}
}

func TestNewFilesReportsEveryFaultOfItsCodecs(t *testing.T) {
	t.Parallel()
	_, err := iomanagers.NewFiles(iomanagers.FilesConfig{Root: "x"}, iomanagers.JSON(), iomanagers.JSON(), iomanagers.Raw("../x"))
	want := "making the file manager of x: there are two codecs named \"json\"\n" +
		"codecs \"json\" and \"json\" share the extension .json\n" +
		"codec \"./x\": extension \"../x\" is not a dot and up to 31 of a-z, 0-9, dot, dash and underscore"
	if err == nil || err.Error() != want {
		t.Errorf("NewFiles gives\n%v, want\n%s", err, want)
	}
}

func TestTheFolderIsDataByDefault(t *testing.T) {
	t.Parallel()
	var cfg iomanagers.FilesConfig
	if err := envconfig.Process("fxrun_iomanagers_test", &cfg); err != nil || cfg.Root != "data" {
		t.Errorf("envconfig gives %+v, %v", cfg, err)
	}
	_, err := iomanagers.NewFiles(iomanagers.FilesConfig{}, iomanagers.Raw("../x"))
	if err == nil || !strings.HasPrefix(err.Error(), "making the file manager of data: ") {
		t.Errorf("NewFiles gives %v, want the folder data in it", err)
	}
}

func TestTheGoTypeChoosesTheCodec(t *testing.T) {
	t.Parallel()
	type html string
	root := t.TempDir()
	m := newFiles(t, root, iomanagers.CSV(), iomanagers.JSON(), iomanagers.Raw(".html"), iomanagers.Raw(".png"))
	store(t, m, iomanagers.Output{Asset: "page"}, html("<p>"))
	store(t, m, iomanagers.Output{Asset: "picture", Format: "png"}, []byte{1})
	store(t, m, iomanagers.Output{Asset: "rows"}, []order{{}})
	if diff := cmp.Diff([]string{"page.html", "picture.png", "rows.csv"}, files(t, root)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	err := m.Store(t.Context(), iomanagers.Output{Asset: "n"}, 1)
	if !errors.Is(err, iomanagers.ErrType) || !strings.Contains(err.Error(), "csv: wrong type: it takes slices of structs, not int") {
		t.Errorf("storing an int by CSV gives %v", err)
	}
}

func ExampleFileManager() {
	folder, err := os.MkdirTemp("", "")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(folder)

	files, err := iomanagers.NewFiles(iomanagers.FilesConfig{Root: folder}, iomanagers.JSON(), iomanagers.CSV())
	if err != nil {
		panic(err)
	}
	ctx := context.Background()
	orders := []order{{1, "tea"}, {2, "milk"}}
	facts := map[string]any{}
	err = files.Store(ctx, iomanagers.Output{Asset: "raw/orders", Partition: "2026-01-02", Format: "csv", Metadata: facts}, orders)
	if err != nil {
		panic(err)
	}
	path, _ := filepath.Rel(folder, facts["path"].(string))
	fmt.Println(filepath.ToSlash(path), facts["rows"], "rows,", facts["bytes"], "bytes")

	var loaded []order
	err = files.Load(ctx, iomanagers.Input{Asset: "raw/orders", Partition: "2026-01-02", Format: "csv"}, &loaded)
	fmt.Println(loaded, err)
	err = files.Load(ctx, iomanagers.Input{Asset: "raw/orders", Partition: "2026-01-03", Format: "csv"}, &loaded)
	fmt.Println(err, errors.Is(err, iomanagers.ErrNotFound))
	// Output:
	// raw/orders/partition=2026-01-02.csv 2 rows, 21 bytes
	// [{1 tea} {2 milk}] <nil>
	// loading raw/orders[2026-01-03]: nothing is stored true
}

func ExampleChecker() {
	var manager iomanagers.Checker = iomanagers.NewMemory()
	fmt.Println(manager.Check("", reflect.TypeFor[[]order]()))
	fmt.Println(manager.Check("", reflect.TypeFor[struct{ Done chan bool }]()))
	// Output:
	// <nil>
	// wrong type: struct { Done chan bool }.Done is a chan, which can't be copied
}

func TestARootWithATildeIsRefused(t *testing.T) {
	t.Parallel()
	for root, refused := range map[string]bool{"~": true, "~/values": true, "~ada/values": true, "./~": false, "a/~": false, "a~": false, "": false} {
		_, err := iomanagers.NewFiles(iomanagers.FilesConfig{Root: root})
		if got := err != nil && strings.Contains(err.Error(), "only a shell replaces"); got != refused || (err != nil) != refused {
			t.Errorf("%q: got %v", root, err)
		}
	}
}
