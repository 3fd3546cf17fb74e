package data_test

import (
	"bufio"
	"io"
	"testing"

	"github.com/fxrun/fxrun/examples/flights/data"
)

func TestEachReaderStartsAtTheBeginning(t *testing.T) {
	t.Parallel()
	readers := map[string]func() io.Reader{"airports": data.AirportsCSV, "flights": data.FlightsJSON}
	for name, open := range readers {
		first, err1 := bufio.NewReader(open()).Peek(20)
		second, err2 := bufio.NewReader(open()).Peek(20)
		if err1 != nil || err2 != nil || string(first) != string(second) {
			t.Errorf("%s: %q and %q, %v, %v", name, first, second, err1, err2)
		}
	}
}
