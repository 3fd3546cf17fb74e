//go:build unix

package parquetcodec_test

import (
	"errors"
	"io"
	"math"
	"strings"
	"syscall"
	"testing"

	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/iomanagers/parquetcodec"
)

func TestMoreBytesThanAPageHoldsAreRefused(t *testing.T) {
	if math.MaxInt == math.MaxInt32 {
		t.Skip("no memory holds them")
	}
	// Nothing reads these bytes, so they take no memory.
	large, err := syscall.Mmap(-1, 0, math.MaxInt32, syscall.PROT_READ, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Skip(err)
	}
	defer syscall.Munmap(large)
	err = parquetcodec.Parquet().Encode(io.Discard, []struct{ V []byte }{{nil}, {large}})
	if !errors.Is(err, iomanagers.ErrUnsupported) || !strings.Contains(err.Error(), "row 1: not supported: V is larger than the 2 GB") {
		t.Error(err)
	}
}
