package objectstore_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/fxrun/fxrun/internal/child"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/fx/fxtest"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/iomanagers/iotest"
	"github.com/fxrun/fxrun/iomanagers/objectstore"
	"github.com/fxrun/fxrun/iomanagers/parquetcodec"
	"github.com/fxrun/fxrun/modules/bucket"
)

// open returns a started bucket; it stops with the test.
func open(t *testing.T, cfg bucket.Config) *bucket.Bucket {
	t.Helper()
	lc := fxtest.NewLifecycle(t)
	b, err := bucket.New(lc, cfg)
	if err != nil {
		t.Fatal(err)
	}
	lc.RequireStart()
	t.Cleanup(lc.RequireStop)
	return b
}

func everyCodec() []iomanagers.Codec {
	return []iomanagers.Codec{
		iomanagers.JSON(), iomanagers.JSONLines(), iomanagers.CSV(), iomanagers.Gob(), parquetcodec.Parquet(),
		iomanagers.Text(), iomanagers.Raw(""),
	}
}

func manage(t *testing.T, b *bucket.Bucket, prefix string) *objectstore.Manager {
	t.Helper()
	m, err := objectstore.New(b, objectstore.Config{Prefix: prefix}, everyCodec()...)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func keys(t *testing.T, b *bucket.Bucket) (found []string) {
	t.Helper()
	for object, err := range b.List(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, object.Key)
	}
	return found
}

func TestConformance(t *testing.T) {
	t.Parallel()
	texts := func(i int) any { return strings.Repeat("-", i) + "text" }
	// Every codec stands the suite with the FileManager; here each way of reading does.
	for _, c := range []struct {
		name, format string
		value        func(i int) any
		unstorable   any
		folder       bool
	}{
		{name: "parquet in memory", format: "parquet"},
		{name: "text in memory", format: "text", value: texts},
		{name: "csv in a folder", format: "csv", unstorable: manyFlaky(5000), folder: true},
		{name: "parquet in a folder", format: "parquet", folder: true},
		{name: "jsonl in memory", format: "jsonl", unstorable: manyFlaky(1)},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			iotest.Run(t, func(t *testing.T) iotest.Subject {
				cfg := bucket.Config{URL: "mem://"}
				if c.folder {
					cfg.URL = filepath.Join(t.TempDir(), "not yet there")
				}
				b := open(t, cfg)
				return iotest.Subject{
					Manager:    manage(t, b, "assets"),
					Can:        iotest.Partitions | iotest.Streams,
					Format:     c.format,
					Value:      c.value,
					Unstorable: c.unstorable,
					Reopen:     func(t *testing.T) iomanagers.IOManager { return manage(t, b, "assets/") },
					Names:      func(t *testing.T) []string { return keys(t, b) },
				}
			})
		})
	}
}

var errFlaky = errors.New("out of patience")

// flaky is a row whose text can't always be made.
type flaky struct {
	ID   int
	Mood mood
}

type mood bool

func (m mood) MarshalText() ([]byte, error) {
	if m {
		return nil, errFlaky
	}
	return []byte("calm"), nil
}

func (m *mood) UnmarshalText([]byte) error { return nil }

// manyFlaky returns n rows of which only the last fails, after much has been written.
func manyFlaky(n int) []flaky {
	rows := make([]flaky, n)
	rows[n-1].Mood = true
	return rows
}

func TestNames(t *testing.T) {
	t.Parallel()
	b := open(t, bucket.Config{URL: "mem://", Prefix: "team"})
	m := manage(t, b, "assets")
	metadata := map[string]any{}
	out := iomanagers.Output{Asset: "raw/orders", Partition: "2026-01-02", Format: "csv", Metadata: metadata}
	if err := m.Store(t.Context(), out, []iotest.Row{{ID: 7}}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"assets/raw/orders/partition=2026-01-02.csv"}, keys(t, b)); diff != "" {
		t.Error(diff)
	}
	if got, want := metadata["path"], "mem://team/assets/raw/orders/partition=2026-01-02.csv"; got != want {
		t.Errorf("got path %v, want %s", got, want)
	}
	attributes, err := b.Attributes(t.Context(), keys(t, b)[0])
	if err != nil || attributes.ContentType != "text/csv; charset=utf-8" {
		t.Errorf("got %+v, %v", attributes, err)
	}
}

func TestLongNames(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"mem://", t.TempDir()} {
		b := open(t, bucket.Config{URL: url})
		m := manage(t, b, "assets")
		for _, end := range []string{"a", "b"} {
			for _, format := range []string{"csv", "json"} { // the second takes the place of the first
				out := iomanagers.Output{Asset: strings.Repeat("long/", 300) + end, Format: format}
				if err := m.Store(t.Context(), out, []measure{{ID: int64(end[0])}}); err != nil {
					t.Fatal(err)
				}
			}
		}
		for _, end := range []string{"a", "b"} {
			var got []measure
			in := iomanagers.Input{Asset: strings.Repeat("long/", 300) + end, Format: "json"}
			if err := m.Load(t.Context(), in, &got); err != nil || len(got) != 1 || got[0].ID != int64(end[0]) {
				t.Errorf("got %v, %v", got, err)
			}
		}
		found := keys(t, b)
		if len(found) != 2 {
			t.Errorf("got %d objects, want 2", len(found))
		}
		for _, key := range found {
			if len(key) > 800 || strings.Contains(key, "//") {
				t.Errorf("got key %s of %d bytes", key, len(key))
			}
		}
	}
}

func TestOtherFormatsAreRemoved(t *testing.T) {
	t.Parallel()
	b := open(t, bucket.Config{URL: "mem://"})
	m := manage(t, b, "")
	for _, format := range []string{"csv", "parquet", "gob", "json"} {
		if err := m.Store(t.Context(), iomanagers.Output{Asset: "orders", Format: format}, []measure{{ID: 7}}); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]string{"orders.json"}, keys(t, b)); diff != "" {
		t.Error(diff)
	}
}

type measure struct{ ID, Random int64 }

// Not parallel: the folder for temporary files is the process's.
func TestParquetOfAnySize(t *testing.T) {
	for _, kind := range []string{"mem://", "folder"} {
		for _, count := range []int{10, 1_000_000} {
			t.Run(fmt.Sprintf("%d rows in %s", count, kind), func(t *testing.T) {
				temp := t.TempDir()
				t.Setenv("TMPDIR", temp)
				cfg := bucket.Config{URL: kind}
				if kind == "folder" {
					cfg.URL = t.TempDir()
				}
				b := open(t, cfg)
				m := manage(t, b, "")
				stored := make([]measure, count)
				random := rand.New(rand.NewPCG(1, 2)) // what no encoding makes small
				for i := range stored {
					stored[i] = measure{int64(i), random.Int64()}
				}
				if err := m.Store(t.Context(), iomanagers.Output{Asset: "measures", Format: "parquet"}, stored); err != nil {
					t.Fatal(err)
				}
				if attributes, err := b.Attributes(t.Context(), "measures.parquet"); err != nil || (count > 10) != (attributes.Size > 4<<20) {
					t.Errorf("the object has %d bytes, %v", attributes.Size, err)
				}
				var loaded []measure
				if err := m.Load(t.Context(), iomanagers.Input{Asset: "measures", Format: "parquet"}, &loaded); err != nil {
					t.Fatal(err)
				}
				if !reflect.DeepEqual(stored, loaded) {
					t.Errorf("loaded %d rows that aren't those stored", len(loaded))
				}
				if left, err := os.ReadDir(temp); len(left) > 0 || err != nil {
					t.Errorf("left behind %v, %v", left, err)
				}
			})
		}
	}

	t.Run("without a place for the copy is an error, not a missing value", func(t *testing.T) {
		t.Setenv("TMPDIR", filepath.Join(t.TempDir(), "missing"))
		b := open(t, bucket.Config{URL: "mem://"})
		m := manage(t, b, "")
		if err := b.WriteAll(t.Context(), "measures.parquet", make([]byte, 5<<20), nil); err != nil {
			t.Fatal(err)
		}
		err := m.Load(t.Context(), iomanagers.Input{Asset: "measures", Format: "parquet"}, new([]measure))
		if err == nil || errors.Is(err, iomanagers.ErrNotFound) || !strings.Contains(err.Error(), "copying the object to a temporary file") {
			t.Errorf("got %v", err)
		}
	})
}

// stepwise reads two bytes and then tells the test, which stores another value.
type stepwise struct {
	iomanagers.Codec
	between func()
	random  bool
}

func (c stepwise) Name() string      { return "stepwise" }
func (c stepwise) Extension() string { return ".step" }

func (c stepwise) Decode(r io.Reader, dst any) error {
	head := make([]byte, 2)
	var err error
	if c.random {
		_, err = r.(io.ReaderAt).ReadAt(head, 0)
	} else {
		_, err = io.ReadFull(r, head)
	}
	if err != nil {
		return err
	}
	c.between()
	var tail []byte
	if c.random {
		tail = make([]byte, r.(interface{ Size() int64 }).Size()-2)
		_, err = r.(io.ReaderAt).ReadAt(tail, 2)
	} else {
		tail, err = io.ReadAll(r)
	}
	*dst.(*string) = string(head) + string(tail)
	return err
}

func TestAValueIsReadWholeWhileAnotherIsStored(t *testing.T) {
	t.Parallel()
	for _, random := range []bool{false, true} {
		for _, kind := range []string{"memory", "folder"} {
			t.Run(fmt.Sprintf("%s, at any offset %v", kind, random), func(t *testing.T) {
				t.Parallel()
				cfg := bucket.Config{URL: "mem://"}
				if kind == "folder" {
					cfg.URL = t.TempDir()
				}
				b := open(t, cfg)
				codec := stepwise{iomanagers.Text(), nil, random}
				codec.between = func() {
					if err := b.WriteAll(t.Context(), "orders.step", []byte("new"), nil); err != nil {
						t.Error(err)
					}
				}
				m, err := objectstore.New(b, objectstore.Config{}, codec)
				if err != nil {
					t.Fatal(err)
				}
				old := strings.Repeat("old", 1<<20)
				if err := m.Store(t.Context(), iomanagers.Output{Asset: "orders"}, old); err != nil {
					t.Fatal(err)
				}
				var got string
				if err := m.Load(t.Context(), iomanagers.Input{Asset: "orders"}, &got); err != nil || got != old {
					t.Errorf("got %.20q of %d bytes, %v", got, len(got), err)
				}
			})
		}
	}
}

// The driver for folders tells the size of the file that had the name a moment
// before it opens one.
func TestLoadsBesideStoresOfOtherSizes(t *testing.T) {
	t.Parallel()
	m := manage(t, open(t, bucket.Config{URL: t.TempDir()}), "")
	store := func(count int) error {
		return m.Store(t.Context(), iomanagers.Output{Asset: "measures", Format: "parquet"}, make([]measure, count))
	}
	if err := store(1); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	var writer sync.WaitGroup
	writer.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-done:
				return
			default:
			}
			if err := store(1 + i%7*100); err != nil {
				t.Error(err)
			}
		}
	})
	for range 500 {
		var got []measure
		if err := m.Load(t.Context(), iomanagers.Input{Asset: "measures", Format: "parquet"}, &got); err != nil || len(got)%100 != 1 {
			t.Errorf("got %d rows, %v", len(got), err)
		}
	}
	close(done)
	writer.Wait()
}

func TestConfig(t *testing.T) {
	t.Parallel()
	for _, prefix := range []string{"/", "/a", "a//b", "..", "../a", "a/.."} {
		_, err := objectstore.New(bucket.NewMemory(), objectstore.Config{Prefix: prefix})
		want := fmt.Sprintf("making the manager of objects: prefix: %q must consist of names with slashes between them", prefix)
		if err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	if _, err := objectstore.New(bucket.NewMemory(), objectstore.Config{}, iomanagers.JSON(), iomanagers.JSON()); err == nil {
		t.Error("two codecs of one name were taken")
	}
}

func TestObjects(t *testing.T) {
	t.Parallel()
	c, err := container.New(
		container.Provide("lake", bucket.New, container.Config(bucket.Config{URL: "mem://"}), container.PerProcess()),
		objectstore.Objects("io_manager", objectstore.Config{Prefix: "assets"}, parquetcodec.Parquet()),
	)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}()

	t.Run("keeps values from one run to the next", func(t *testing.T) {
		store := func(m iomanagers.IOManager) error {
			return m.Store(t.Context(), iomanagers.Output{Asset: "orders"}, []measure{{ID: 7}})
		}
		load := func(m iomanagers.IOManager) error {
			var got []measure
			err := m.Load(t.Context(), iomanagers.Input{Asset: "orders"}, &got)
			if len(got) != 1 || got[0].ID != 7 {
				t.Errorf("got %v", got)
			}
			return err
		}
		if err := errors.Join(c.Invoke(t.Context(), store), c.Invoke(t.Context(), load)); err != nil {
			t.Error(err)
		}
	})

	t.Run("tells what it can store before anything runs", func(t *testing.T) {
		known := (*child.Parent)(c).Graph().Static("io_manager")
		i := slices.IndexFunc(known, func(one any) bool { _, ok := one.(iomanagers.Checker); return ok })
		if i < 0 {
			t.Fatalf("got %v", known)
		}
		checker := known[i].(iomanagers.Checker)
		if err := checker.Check("", reflect.TypeFor[[]iotest.Row]()); err != nil {
			t.Error(err)
		}
		if err := checker.Check("", reflect.TypeFor[func()]()); !errors.Is(err, iomanagers.ErrType) {
			t.Errorf("got %v", err)
		}
	})
}

func TestUnstartedBucketIsNotTouched(t *testing.T) {
	t.Parallel()
	b, err := bucket.New(fxtest.NewLifecycle(t), bucket.Config{URL: "mem://"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := objectstore.New(b, objectstore.Config{}); err != nil {
		t.Error(err)
	}
}

func TestClosedBucketIsAnError(t *testing.T) {
	t.Parallel()
	b := bucket.NewMemory()
	m := manage(t, b, "")
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	storeErr := m.Store(context.Background(), iomanagers.Output{Asset: "orders"}, "text")
	loadErr := m.Load(context.Background(), iomanagers.Input{Asset: "orders"}, new(string))
	for _, err := range []error{storeErr, loadErr} {
		if err == nil || errors.Is(err, iomanagers.ErrNotFound) {
			t.Errorf("got %v", err)
		}
	}
}

func TestAFolderIsNotLeftByLinks(t *testing.T) {
	t.Parallel()
	outside, inside := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(outside, "orders.json"), []byte("7"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(inside, "raw")); err != nil {
		t.Skip(err)
	}
	if err := os.Symlink(filepath.Join(outside, "orders.json"), filepath.Join(inside, "linked.json")); err != nil {
		t.Skip(err)
	}
	m := manage(t, open(t, bucket.Config{URL: inside}), "")
	for _, asset := range []string{"raw/orders", "linked"} {
		var loaded int
		if err := m.Load(t.Context(), iomanagers.Input{Asset: asset}, &loaded); !errors.Is(err, bucket.ErrOutside) || loaded != 0 {
			t.Errorf("loading %s gives %d and error %v, want bucket.ErrOutside", asset, loaded, err)
		}
		if err := m.Store(t.Context(), iomanagers.Output{Asset: asset}, 8); !errors.Is(err, bucket.ErrOutside) {
			t.Errorf("storing %s gives error %v, want bucket.ErrOutside", asset, err)
		}
	}
	entries, err := os.ReadDir(outside)
	text, _ := os.ReadFile(filepath.Join(outside, "orders.json"))
	if err != nil || len(entries) != 1 || string(text) != "7" {
		t.Errorf("outside there are now %v with %q, %v", entries, text, err)
	}
}

func TestAManagerStaysWhereItsBucketStays(t *testing.T) {
	t.Parallel()
	b, err := bucket.New(fxtest.NewLifecycle(t), bucket.Config{URL: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	inFolder, err := objectstore.New(b, objectstore.Config{})
	if err != nil {
		t.Fatal(err)
	}
	if got := inFolder.StaysOnMachine(); got == "" || inFolder.StaysInProcess() != "" {
		t.Errorf("a folder stays on the machine because %q, in the process because %q", got, inFolder.StaysInProcess())
	}
	inMemory, err := objectstore.New(bucket.NewMemory(), objectstore.Config{})
	if err != nil {
		t.Fatal(err)
	}
	if inMemory.StaysInProcess() == "" {
		t.Error("memory does not stay in the process")
	}
}
