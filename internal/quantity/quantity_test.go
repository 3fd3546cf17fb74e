package quantity_test

import (
	"testing"

	"github.com/fxrun/fxrun/internal/quantity"
)

func TestCount(t *testing.T) {
	t.Parallel()
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", -1234567: "-1,234,567"} {
		if got := quantity.Count(n, ","); got != want {
			t.Errorf("Count(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestSize(t *testing.T) {
	t.Parallel()
	for bytes, want := range map[int64]string{0: "", 999: "999 B", 1000: "1.0 kB", 999_950: "1.0 MB", 7_800_000: "7.8 MB"} {
		if got := quantity.Size(bytes); got != want {
			t.Errorf("Size(%d) = %q, want %q", bytes, got, want)
		}
	}
}
