package s3test_test

import (
	"context"
	"errors"
	"io"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
	"go.uber.org/fx/fxtest"
	_ "gocloud.dev/blob/s3blob"

	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/iomanagers/iotest"
	"github.com/fxrun/fxrun/iomanagers/objectstore"
	"github.com/fxrun/fxrun/iomanagers/parquetcodec"
	"github.com/fxrun/fxrun/modules/bucket"
)

// The driver finds credentials in the environment, as it does in production.
func TestMain(m *testing.M) {
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": "me", "AWS_SECRET_ACCESS_KEY": "hunter2", "AWS_EC2_METADATA_DISABLED": "true",
	} {
		if err := os.Setenv(name, value); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}

// serve returns the URL of a new bucket of a server that ends with the test.
func serve(t *testing.T) string {
	t.Helper()
	backend := s3mem.New()
	if err := backend.CreateBucket("lake"); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(gofakes3.New(backend).Server())
	t.Cleanup(server.Close)
	return "s3://lake?" + url.Values{
		"endpoint": {server.URL}, "region": {"eu-central-1"}, "use_path_style": {"true"},
	}.Encode()
}

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

func TestBucket(t *testing.T) {
	t.Parallel()

	t.Run("writes, reads, lists and removes", func(t *testing.T) {
		t.Parallel()
		b := open(t, bucket.Config{URL: serve(t), Prefix: "team"})
		for _, key := range []string{"a", "b/c", "b/d"} {
			if err := b.WriteAll(t.Context(), key, []byte("text of "+key), nil); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := b.ReadAll(t.Context(), "b/c"); string(got) != "text of b/c" || err != nil {
			t.Errorf("got %q, %v", got, err)
		}
		if err := b.Remove(t.Context(), "b/c", "b/missing"); err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff([]string{"a", "b/d"}, keys(t, b)); diff != "" {
			t.Error(diff)
		}
		if _, err := b.ReadAll(t.Context(), "b/c"); !errors.Is(err, bucket.ErrNotFound) {
			t.Errorf("got %v", err)
		}
		if got, want := b.Path("a"), "s3://lake/team/a"; got != want {
			t.Errorf("got path %s, want %s", got, want)
		}
	})

	t.Run("keeps the old object when a write fails, whatever was sent", func(t *testing.T) {
		t.Parallel()
		b := open(t, bucket.Config{URL: serve(t)})
		if err := b.WriteAll(t.Context(), "orders", []byte("old"), nil); err != nil {
			t.Fatal(err)
		}
		errWrite := errors.New("out of paper")
		for _, size := range []int{10, 20 << 20} { // in one request, in parts
			err := b.Write(t.Context(), "orders", nil, func(w io.Writer) error {
				_, err := io.WriteString(w, strings.Repeat("n", size))
				return errors.Join(err, errWrite)
			})
			if !errors.Is(err, errWrite) {
				t.Errorf("got %v", err)
			}
			if got, err := b.ReadAll(t.Context(), "orders"); string(got) != "old" || err != nil {
				t.Errorf("got %.20q, %v", got, err)
			}
		}
	})

	t.Run("fails the start if there is no such bucket", func(t *testing.T) {
		t.Parallel()
		lc := fxtest.NewLifecycle(t)
		if _, err := bucket.New(lc, bucket.Config{URL: strings.Replace(serve(t), "//lake", "//lakes", 1)}); err != nil {
			t.Fatal(err)
		}
		err := lc.Start(t.Context())
		if err == nil || !strings.HasPrefix(err.Error(), "opening the bucket s3://lakes?") || !strings.HasSuffix(err.Error(), ": there is no such bucket") {
			t.Errorf("got %v", err)
		}
		if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("the secret key is in %v", err)
		}
	})
}

func TestObjectStore(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"json", "jsonl", "csv", "parquet"} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			iotest.Run(t, func(t *testing.T) iotest.Subject {
				b := open(t, bucket.Config{URL: serve(t)})
				reopen := func(t *testing.T) iomanagers.IOManager { return manage(t, b) }
				return iotest.Subject{
					Manager: reopen(t),
					Can:     iotest.Partitions | iotest.Streams,
					Format:  format,
					Reopen:  reopen,
					Names:   func(t *testing.T) []string { return keys(t, b) },
				}
			})
		})
	}
}

func manage(t *testing.T, b *bucket.Bucket) *objectstore.Manager {
	t.Helper()
	m, err := objectstore.New(b, objectstore.Config{},
		iomanagers.JSON(), iomanagers.JSONLines(), iomanagers.CSV(), parquetcodec.Parquet())
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestAnObjectTellsItsRun(t *testing.T) {
	t.Parallel()
	m := manage(t, open(t, bucket.Config{URL: serve(t)}))
	for _, runID := range []string{"run-1", "run 2/ü%"} {
		if err := m.Store(t.Context(), iomanagers.Output{Asset: "number", RunID: runID}, 7); err != nil {
			t.Fatal(err)
		}
		for _, wanted := range []string{"run-1", "run 2/ü%"} {
			var n int
			confirmed := false
			err := m.Load(t.Context(), iomanagers.Input{Asset: "number", RunID: wanted, MadeBy: wanted, Confirm: func() { confirmed = true }}, &n)
			if stands := wanted == runID; confirmed != stands || errors.Is(err, iomanagers.ErrReplaced) == stands {
				t.Errorf("the value of %s, while that of %s is stored: confirmed %v, %v", wanted, runID, confirmed, err)
			}
		}
	}
}

type measure struct{ ID, Random int64 }

// Two writers of a Parquet object of several megabytes, which is read through a
// temporary file: every load sees one of the values, whole.
func TestLoadsBesideStores(t *testing.T) {
	t.Parallel()
	m := manage(t, open(t, bucket.Config{URL: serve(t)}))
	value := func(n int64) []measure {
		rows := make([]measure, 300_000)
		for i := range rows {
			rows[i] = measure{n, int64(i) * 0x9E3779B97F4A7C1}
		}
		return rows
	}
	store := func(ctx context.Context, n int64) error {
		return m.Store(ctx, iomanagers.Output{Asset: "measures", Format: "parquet"}, value(n))
	}
	if err := store(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	var writers sync.WaitGroup
	for n := range int64(2) {
		writers.Go(func() {
			for range 3 {
				if err := store(t.Context(), n); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for range 6 {
		var got []measure
		if err := m.Load(t.Context(), iomanagers.Input{Asset: "measures", Format: "parquet"}, &got); err != nil {
			t.Error(err)
			continue
		}
		if diff := cmp.Diff(len(value(0)), len(got)); diff != "" {
			t.Error(diff)
		}
		for _, row := range got {
			if row.ID != got[0].ID {
				t.Fatal("the values are mixed")
			}
		}
	}
	writers.Wait()
}
