package bucket_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/fx"
	"go.uber.org/fx/fxtest"
	"gocloud.dev/blob"

	"github.com/fxrun/fxrun/modules/bucket"
)

// start returns a started bucket and the function that stops it.
func start(t *testing.T, cfg bucket.Config) (*bucket.Bucket, func()) {
	t.Helper()
	var b *bucket.Bucket
	app := fxtest.New(t, fx.Supply(cfg), fx.Provide(bucket.New), fx.Populate(&b))
	app.RequireStart()
	return b, app.RequireStop
}

// each runs a test on every kind of bucket that is built in.
func each(t *testing.T, test func(t *testing.T, b *bucket.Bucket)) {
	t.Helper()
	for _, url := range []string{"mem://", "file:"} {
		for _, prefix := range []string{"", "a/folder"} {
			t.Run(strings.TrimRight(url, ":/")+" with prefix "+prefix, func(t *testing.T) {
				t.Parallel()
				cfg := bucket.Config{URL: url, Prefix: prefix}
				if url == "file:" {
					cfg.URL = t.TempDir()
				}
				b, stop := start(t, cfg)
				t.Cleanup(stop)
				test(t, b)
			})
		}
	}
}

func write(t *testing.T, b *bucket.Bucket, key, text string) {
	t.Helper()
	if err := b.WriteAll(t.Context(), key, []byte(text), nil); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, b *bucket.Bucket, key string) string {
	t.Helper()
	text, err := b.ReadAll(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func keys(t *testing.T, b *bucket.Bucket, prefix string) (found []string) {
	t.Helper()
	for object, err := range b.List(t.Context(), prefix) {
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, object.Key)
	}
	return found
}

// files lists every file under root, by its path in root.
func files(t *testing.T, root string) (found []string) {
	t.Helper()
	err := fs.WalkDir(os.DirFS(root), ".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			found = append(found, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestObjects(t *testing.T) {
	t.Parallel()

	t.Run("are written, read, listed and deleted", func(t *testing.T) {
		t.Parallel()
		each(t, func(t *testing.T, b *bucket.Bucket) {
			for _, key := range []string{"raw/orders", "raw/customers", "raws", "größe & co"} {
				write(t, b, key, "text of "+key)
			}
			if got := read(t, b, "größe & co"); got != "text of größe & co" {
				t.Errorf("got %q", got)
			}
			if diff := cmp.Diff([]string{"raw/customers", "raw/orders"}, keys(t, b, "raw/")); diff != "" {
				t.Error(diff)
			}
			if err := b.Delete(t.Context(), "raw/orders"); err != nil {
				t.Error(err)
			}
			if diff := cmp.Diff([]string{"größe & co", "raw/customers", "raws"}, keys(t, b, "")); diff != "" {
				t.Error(diff)
			}
		})
	})

	t.Run("that aren't there match ErrNotFound", func(t *testing.T) {
		t.Parallel()
		each(t, func(t *testing.T, b *bucket.Bucket) {
			_, readErr := b.ReadAll(t.Context(), "orders")
			_, describeErr := b.Attributes(t.Context(), "orders")
			for _, err := range []error{readErr, describeErr, b.Delete(t.Context(), "orders")} {
				if !errors.Is(err, bucket.ErrNotFound) {
					t.Errorf("got %v", err)
				}
			}
		})
	})

	t.Run("are listed over many pages, as far as is wanted", func(t *testing.T) {
		t.Parallel()
		each(t, func(t *testing.T, b *bucket.Bucket) {
			const many = 1100
			for i := range many {
				write(t, b, fmt.Sprintf("%04d", i), "")
			}
			if got := len(keys(t, b, "")); got != many {
				t.Errorf("got %d objects, want %d", got, many)
			}
			seen := 0
			for range b.List(t.Context(), "") {
				if seen++; seen == 1001 {
					break
				}
			}
		})
	})

	t.Run("can't be listed after the stop, which is one error", func(t *testing.T) {
		t.Parallel()
		b, stop := start(t, bucket.Config{URL: t.TempDir()})
		stop()
		calls := 0
		for object, err := range b.List(t.Context(), "") {
			if calls++; object != nil || err == nil {
				t.Errorf("got %v, %v", object, err)
			}
		}
		if calls != 1 {
			t.Errorf("got %d errors, want 1", calls)
		}
	})
}

func TestWrite(t *testing.T) {
	t.Parallel()
	errWrite := errors.New("out of paper")
	big := strings.Repeat("half of the new one", 1<<16)

	for name, fail := range map[string]func(t *testing.T, b *bucket.Bucket) error{
		"fails": func(t *testing.T, b *bucket.Bucket) error {
			return b.Write(t.Context(), "orders", nil, func(w io.Writer) error {
				_, err := io.WriteString(w, big)
				return errors.Join(err, errWrite)
			})
		},
		"fails at once": func(t *testing.T, b *bucket.Bucket) error {
			return b.Write(t.Context(), "orders", nil, func(io.Writer) error { return errWrite })
		},
		"is cancelled": func(t *testing.T, b *bucket.Bucket) error {
			ctx, cancel := context.WithCancel(t.Context())
			err := b.Write(ctx, "orders", nil, func(w io.Writer) error {
				_, err := io.WriteString(w, big)
				cancel()
				return err
			})
			if !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
			return errWrite
		},
		"panics": func(t *testing.T, b *bucket.Bucket) (err error) {
			defer func() { err = recover().(error) }()
			return b.Write(t.Context(), "orders", nil, func(w io.Writer) error {
				_, _ = io.WriteString(w, big)
				panic(errWrite)
			})
		},
	} {
		t.Run("that "+name+" leaves the old object, and no other", func(t *testing.T) {
			t.Parallel()
			each(t, func(t *testing.T, b *bucket.Bucket) {
				write(t, b, "orders", "old")
				if err := fail(t, b); !errors.Is(err, errWrite) {
					t.Errorf("got %v", err)
				}
				if got := read(t, b, "orders"); got != "old" {
					t.Errorf("got %.30q", got)
				}
				if diff := cmp.Diff([]string{"orders"}, keys(t, b, "")); diff != "" {
					t.Error(diff)
				}
			})
		})
	}

	t.Run("shows the new object when it has returned, not before", func(t *testing.T) {
		t.Parallel()
		each(t, func(t *testing.T, b *bucket.Bucket) {
			write(t, b, "orders", "old")
			opts := &blob.WriterOptions{ContentType: "text/plain"}
			err := b.Write(t.Context(), "orders", opts, func(w io.Writer) error {
				_, err := io.WriteString(w, big)
				if got := read(t, b, "orders"); got != "old" {
					t.Errorf("meanwhile got %.30q", got)
				}
				if diff := cmp.Diff([]string{"orders"}, keys(t, b, "")); diff != "" {
					t.Error(diff)
				}
				return err
			})
			if got := read(t, b, "orders"); got != big || err != nil {
				t.Errorf("got %.30q, %v", got, err)
			}
		})
	})
}

func TestListBesideWriters(t *testing.T) {
	t.Parallel()
	b, stop := start(t, bucket.Config{URL: t.TempDir()})
	defer stop()
	for i := range 200 {
		write(t, b, fmt.Sprintf("steady/%03d", i), "")
	}
	ctx, cancel := context.WithCancel(t.Context())
	var writers sync.WaitGroup
	for i := range 4 {
		writers.Go(func() {
			for ctx.Err() == nil {
				key := fmt.Sprintf("steady/%03d", i)
				if err := b.WriteAll(ctx, key, []byte("x"), nil); err != nil && ctx.Err() == nil {
					t.Error(err)
				}
			}
		})
	}
	for range 200 {
		found := keys(t, b, "steady/")
		if missing := 200 - len(found); missing < 0 || missing > 4 { // the system may miss what is renamed
			t.Errorf("got %d objects, want 200", len(found))
		}
		for _, key := range found {
			if strings.Contains(key, ".tmp") {
				t.Errorf("got %s", key)
			}
		}
		if err := bucket.Ping(t.Context(), b); err != nil {
			t.Error(err)
		}
	}
	cancel()
	writers.Wait()
}

func TestFolder(t *testing.T) {
	t.Parallel()

	t.Run("is made by the start, and holds the objects and nothing else", func(t *testing.T) {
		t.Parallel()
		root := filepath.Join(t.TempDir(), "new", "what? 50%41 #1")
		lc := fxtest.NewLifecycle(t)
		b, err := bucket.New(lc, bucket.Config{URL: root, Prefix: "lake/"})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(filepath.Dir(root)); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("before the start: %v", err)
		}
		lc.RequireStart()
		defer lc.RequireStop()
		write(t, b, "raw/orders.csv", "id\n7\n")
		if diff := cmp.Diff([]string{"lake/raw/orders.csv"}, files(t, root)); diff != "" {
			t.Error(diff)
		}
	})

	t.Run("keeps its objects from one start to the next", func(t *testing.T) {
		t.Parallel()
		root := t.TempDir()
		b, stop := start(t, bucket.Config{URL: root})
		write(t, b, "orders", "old")
		stop()
		b, stop = start(t, bucket.Config{URL: "file://" + filepath.ToSlash(root)})
		defer stop()
		if got := read(t, b, "orders"); got != "old" {
			t.Errorf("got %q", got)
		}
	})

	t.Run("that is a file fails the start", func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(path, nil, 0o666); err != nil {
			t.Fatal(err)
		}
		lc := fxtest.NewLifecycle(t)
		if _, err := bucket.New(lc, bucket.Config{URL: path}); err != nil {
			t.Fatal(err)
		}
		err := lc.Start(t.Context())
		if want := "opening the bucket " + path + ": " + path + " is not a directory"; err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	})

	t.Run("that was removed is noticed by Ping", func(t *testing.T) {
		t.Parallel()
		root := filepath.Join(t.TempDir(), "lake")
		b, stop := start(t, bucket.Config{URL: root})
		defer stop()
		if err := bucket.Ping(t.Context(), b); err != nil {
			t.Error(err)
		}
		if err := os.Remove(root); err != nil {
			t.Fatal(err)
		}
		if err := bucket.Ping(t.Context(), b); err == nil || err.Error() != "listing the bucket: there is no such bucket" {
			t.Errorf("got %v", err)
		}
	})
}

// Not parallel: the working directory is the process's.
func TestRelativeFolder(t *testing.T) {
	for _, url := range []string{"data/lake", "./data/lake", "file:data/lake", "file:./data/lake", "file://./data/lake"} {
		t.Run(url, func(t *testing.T) {
			folder := t.TempDir()
			t.Chdir(folder)
			b, stop := start(t, bucket.Config{URL: url})
			write(t, b, "orders", "")
			stop()
			if diff := cmp.Diff([]string{"data/lake/orders"}, files(t, folder)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestMemory(t *testing.T) {
	t.Parallel()

	t.Run("begins empty at each start", func(t *testing.T) {
		t.Parallel()
		b, stop := start(t, bucket.Config{URL: "mem://"})
		write(t, b, "orders", "old")
		stop()
		b, stop = start(t, bucket.Config{URL: "mem://"})
		defer stop()
		if got := keys(t, b, ""); got != nil {
			t.Errorf("got %v", got)
		}
	})

	t.Run("needs no start where a test makes it", func(t *testing.T) {
		t.Parallel()
		b := bucket.NewMemory()
		write(t, b, "orders", "new")
		if got := read(t, b, "orders"); got != "new" || bucket.Ping(t.Context(), b) != nil {
			t.Errorf("got %q", got)
		}
	})
}

func TestStop(t *testing.T) {
	t.Parallel()
	b, stop := start(t, bucket.Config{URL: "mem://"})
	stop()
	err := b.WriteAll(t.Context(), "orders", nil, nil)
	if err == nil || !strings.Contains(err.Error(), "Bucket has been closed") {
		t.Errorf("got %v", err)
	}
}

func TestConfig(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ url, want string }{
		{"", "url: missing"},
		{"file:", "url: names no folder"},
		{"file://data/lake", `url: file://data/lake names a host, "data": write file:data/lake for a relative folder, file:///data/lake for an absolute one`},
		{"s3://my-bucket", `url: the driver for s3:// isn't linked: add import _ "gocloud.dev/blob/s3blob" to the program`},
		{"gs://my-bucket", `url: the driver for gs:// isn't linked: add import _ "gocloud.dev/blob/gcsblob" to the program`},
		{"azblob://my-bucket", `url: the driver for azblob:// isn't linked: add import _ "gocloud.dev/blob/azureblob" to the program`},
		{"azblb://my-bucket", "url: there is no driver for azblb:// among azblob, file, gs, mem, s3"},
		{"gopher://my-bucket", "url: there is no driver for gopher:// among azblob, file, gs, mem, s3"},
		{"mem:", "no error"},
		{"mem:x", `url: "mem:x" has no // after its scheme`},
		{"s3:me:hunter2@my-bucket", "url: holds a user name or password, which would be shown with the config: the drivers find credentials in the environment"},
		{"AKIA:hunter2@my-bucket", "url: holds a user name or password, which would be shown with the config: the drivers find credentials in the environment"},
		{"s3://me:hunter2@my-bucket", "url: holds a user name or password, which would be shown with the config: the drivers find credentials in the environment"},
		{"s3://me:hunter2@my-bucket:x", "url: can't be read as a URL"},
	} {
		got := "no error"
		if _, err := bucket.New(fxtest.NewLifecycle(t), bucket.Config{URL: test.url}); err != nil {
			got = strings.TrimPrefix(err.Error(), "configuring a bucket: ")
		}
		if got != test.want {
			t.Errorf("%s:\n got %s\nwant %s", test.url, got, test.want)
		}
	}

	t.Run("reports every fault", func(t *testing.T) {
		t.Parallel()
		for _, prefix := range []string{"/", "/a", "a//b", "../a", "a/./b"} {
			err := bucket.Config{Prefix: prefix}.Validate()
			want := fmt.Sprintf("url: missing\nprefix: %q must consist of names with slashes between them", prefix)
			if err == nil || err.Error() != want {
				t.Errorf("got %v, want %s", err, want)
			}
		}
	})
}

func FuzzConfig(f *testing.F) {
	for _, seed := range []string{"", "data", "file:data", "file:///", "mem://", "file://a/b", `C:\x`, "s3://%zz", "file:%zz"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, url string) {
		cfg := bucket.Config{URL: url}
		_, err := bucket.New(fxtest.NewLifecycle(t), cfg)
		if (err == nil) != (cfg.Validate() == nil) {
			t.Errorf("%q: %v", url, err)
		}
	})
}

func TestWhoElseSeesTheObjects(t *testing.T) {
	t.Parallel()
	absolute := t.TempDir()
	for name, c := range map[string]struct {
		cfg              bucket.Config
		process, machine string // what is in the reasons
	}{
		"memory is that of the process":              {bucket.Config{URL: "mem://", Shared: true}, "in the memory of the process", ""},
		"a folder is that of the machine":            {bucket.Config{URL: absolute}, "", "its bucket is the folder "},
		"a shared folder is seen by all":             {bucket.Config{URL: absolute, Shared: true}, "", ""},
		"a shared folder with a prefix":              {bucket.Config{URL: absolute, Prefix: "a", Shared: true}, "", ""},
		"a shared file URL is seen by all":           {bucket.Config{URL: "file://" + filepath.ToSlash(absolute), Shared: true}, "", ""},
		"a shared file URL without a host":           {bucket.Config{URL: "file:" + filepath.ToSlash(absolute), Shared: true}, "", ""},
		"a relative path leads to other folders":     {bucket.Config{URL: "data/lake", Shared: true}, "", "a relative path"},
		"a relative URL leads to other folders":      {bucket.Config{URL: "file:data/lake", Shared: true}, "", "a relative path"},
		"a relative URL with a dot for its host":     {bucket.Config{URL: "file://./data/lake", Shared: true}, "", "a relative path"},
		"a config without a URL has other faults":    {bucket.Config{}, "", ""},
		"a driver that is not linked is other fault": {bucket.Config{URL: "s3://lake"}, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := c.cfg.StaysInProcess(); !strings.Contains(got, c.process) || (got == "") != (c.process == "") {
				t.Errorf("it stays in the process because %q, want %q", got, c.process)
			}
			if got := c.cfg.StaysOnMachine(); !strings.Contains(got, c.machine) || (got == "") != (c.machine == "") {
				t.Errorf("it stays on the machine because %q, want %q", got, c.machine)
			}
		})
	}
	t.Run("a folder is named by its whole path, which tells it from folders of other machines", func(t *testing.T) {
		t.Parallel()
		folder, err := os.Getwd()
		if err != nil {
			t.Fatal(err)
		}
		folder = filepath.Join(folder, "lake")
		want := "its bucket is the folder " + folder + ", "
		if got := (bucket.Config{URL: "file://" + filepath.ToSlash(folder)}).StaysOnMachine(); !strings.HasPrefix(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	})
	t.Run("a bucket says it before its start and after it", func(t *testing.T) {
		t.Parallel()
		lc := fxtest.NewLifecycle(t)
		b, err := bucket.New(lc, bucket.Config{URL: absolute})
		if err != nil {
			t.Fatal(err)
		}
		before := b.StaysOnMachine()
		lc.RequireStart()
		defer lc.RequireStop()
		if after := b.StaysOnMachine(); before == "" || before != after {
			t.Errorf("got %q and %q", before, after)
		}
	})
	t.Run("a bucket for tests is in memory", func(t *testing.T) {
		t.Parallel()
		if got := bucket.NewMemory().StaysInProcess(); got == "" {
			t.Error("got no reason")
		}
	})
}
