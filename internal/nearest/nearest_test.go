package nearest_test

import (
	"testing"

	"github.com/fxrun/fxrun/internal/nearest"
)

func TestName(t *testing.T) {
	t.Parallel()
	candidates := []string{"warehouse", "carrier", "credentials", "a", "raw/orders"}
	for _, test := range []struct{ name, want string }{
		{"warehuose", "warehouse"},
		{"ware_house", "warehouse"},
		{"Carrier", "carrier"},
		{"credential", "credentials"},
		{"bucket", ""},
		{"ordrs", "raw/orders"},
		{"raw/ordrs", "raw/orders"},
		{"row/stock", ""},
		{"", ""},
		{"warehouse", "warehouse"},
	} {
		t.Run("nearest to "+test.name, func(t *testing.T) {
			t.Parallel()
			if got := nearest.Name(test.name, candidates); got != test.want {
				t.Errorf("Name(%q) = %q, want %q", test.name, got, test.want)
			}
		})
	}
	t.Run("a tie goes to the first in the alphabet", func(t *testing.T) {
		t.Parallel()
		if got := nearest.Name("cat", []string{"hat", "bat"}); got != "bat" {
			t.Errorf("got %q", got)
		}
	})
}
