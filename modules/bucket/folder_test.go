package bucket_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"

	"github.com/fxrun/fxrun/modules/bucket"
)

func TestLinksThatLeadOutOfAFolderAreRefused(t *testing.T) {
	t.Parallel()
	outside, inside := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(outside, "secret.txt"), []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	relative, err := filepath.Rel(inside, outside)
	if err != nil {
		t.Fatal(err)
	}
	for link, to := range map[string]string{
		"lake/absolute": outside, "lake/relative": filepath.Join("..", relative), "lake/secret.txt": filepath.Join(outside, "secret.txt"),
		"lake/own": "kept",
	} {
		path := filepath.Join(inside, link)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(to, path); err != nil {
			t.Skip(err)
		}
	}
	for _, cfg := range []bucket.Config{{URL: inside, Prefix: "lake"}, {URL: filepath.Join(inside, "lake")}} {
		b, stop := start(t, cfg)
		defer stop()
		write(t, b, "kept/a.txt", "a")
		if got := read(t, b, "own/a.txt"); got != "a" {
			t.Errorf("through a link that stays inside, %q is read", got)
		}
		for _, key := range []string{"absolute/secret.txt", "relative/secret.txt", "secret.txt"} {
			_, reading := b.ReadAll(t.Context(), key)
			_, opening := b.NewReader(t.Context(), key, nil)
			_, openingPart := b.NewRangeReader(t.Context(), key, 0, 1, nil)
			for method, err := range map[string]error{
				"ReadAll": reading, "NewReader": opening, "NewRangeReader": openingPart,
				"WriteAll": b.WriteAll(t.Context(), key, []byte("x"), nil),
				"Delete":   b.Delete(t.Context(), key),
				"Remove":   b.Remove(t.Context(), key),
				"Copy":     b.Copy(t.Context(), "copied.txt", key, nil),
				"Write":    b.Write(t.Context(), key, nil, func(io.Writer) error { return nil }),
			} {
				if !errors.Is(err, bucket.ErrOutside) {
					t.Errorf("%s of %s gives error %v, want ErrOutside", method, key, err)
				}
			}
		}
		if err := b.WriteAll(t.Context(), "absolute/new/deep.txt", []byte("x"), nil); !errors.Is(err, bucket.ErrOutside) {
			t.Errorf("writing a new object outside gives error %v, want ErrOutside", err)
		}
	}
	entries, err := os.ReadDir(outside)
	if err != nil || len(entries) != 1 {
		t.Errorf("outside there are now %v, %v", entries, err)
	}
	if text, err := os.ReadFile(filepath.Join(outside, "secret.txt")); err != nil || string(text) != "secret" {
		t.Errorf("the file outside is %q, %v", text, err)
	}
}

func TestLeftoversOfKilledWritersAreRemoved(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("files are not swept there")
	}
	folder := t.TempDir()
	writing, stopWriting := start(t, bucket.Config{URL: folder})
	defer stopWriting()
	draft, err := writing.Create(t.Context(), "raw/slow.txt", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := draft.Write([]byte("slow")); err != nil {
		t.Fatal(err)
	}
	leftover := filepath.Join(folder, "raw", "orders.txt.0123456789abcdef.tmp")
	if err := os.WriteFile(leftover, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	b, stop := start(t, bucket.Config{URL: folder}) // as another process
	defer stop()
	write(t, b, "raw/orders.txt", "whole")
	if _, err := os.Stat(leftover); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the leftover is still there: %v", err)
	}
	if err := draft.Commit(); err != nil {
		t.Errorf("an object that was being written can't be stored: %v", err)
	}
	if got := keys(t, b, ""); !slices.Equal(got, []string{"raw/orders.txt", "raw/slow.txt"}) {
		t.Errorf("the objects are %q", got)
	}
}
