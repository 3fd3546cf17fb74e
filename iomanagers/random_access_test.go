package iomanagers_test

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/fxrun/fxrun/iomanagers"
)

func TestRandomAccess(t *testing.T) {
	t.Parallel()
	section := io.NewSectionReader(strings.NewReader("orders"), 0, 6)
	if input, err := iomanagers.RandomAccess(section); err != nil || input != iomanagers.SizedReaderAt(section) {
		t.Errorf("what can be read at any offset is read in place, got %v, %v", input, err)
	}
	input, err := iomanagers.RandomAccess(io.MultiReader(strings.NewReader("ord"), strings.NewReader("ers")))
	if err != nil {
		t.Fatal(err)
	}
	end := make([]byte, 2)
	if _, err := input.ReadAt(end, 4); err != nil || string(end) != "rs" || input.Size() != 6 {
		t.Errorf("got %q of %d bytes, %v", end, input.Size(), err)
	}
	broken := errors.New("broken")
	if _, err := iomanagers.RandomAccess(iotest.ErrReader(broken)); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}
