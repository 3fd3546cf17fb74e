package bucket_test

import (
	"errors"
	"io"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fxrun/fxrun/internal/fulldisktest"
	"github.com/fxrun/fxrun/modules/bucket"
)

func TestAFullDiskLeavesTheOldObject(t *testing.T) {
	if !fulldisktest.Alone(t) {
		return
	}

	root := t.TempDir()
	b, stop := start(t, bucket.Config{URL: root})
	defer stop()
	write(t, b, "orders", "old")
	fulldisktest.LimitFiles(t, 100<<10)
	if err := b.WriteAll(t.Context(), "orders", make([]byte, 1<<20), nil); !errors.Is(err, syscall.EFBIG) {
		t.Errorf("got %v, want %v", err, syscall.EFBIG)
	}
	careless := func(w io.Writer) error {
		_, _ = w.Write(make([]byte, 1<<20))
		return nil
	}
	if err := b.Write(t.Context(), "orders", nil, careless); !errors.Is(err, syscall.EFBIG) {
		t.Errorf("got %v, want %v", err, syscall.EFBIG)
	}
	if diff := cmp.Diff([]string{"orders"}, files(t, root)); diff != "" {
		t.Error(diff)
	}
	if got := read(t, b, "orders"); got != "old" {
		t.Errorf("the old object holds %.20q", got)
	}
}
