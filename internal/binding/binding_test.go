package binding_test

import (
	"errors"
	"fmt"
	"iter"
	"reflect"
	"strings"
	"testing"

	"github.com/fxrun/fxrun/internal/binding"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/runs"
)

type (
	left   int
	right  int
	middle int
	bottom int
	aside  int
	row    struct{ ID int }
)

// picky can't store what it is a list of, written as FORMAT TYPE.
type picky []string

func (p picky) Check(format string, t reflect.Type) error {
	asked := fmt.Sprintf("%s %s", format, t)
	for _, refused := range p {
		if refused == asked {
			return fmt.Errorf("%w: no %s here", iomanagers.ErrUnsupported, asked)
		}
	}
	return nil
}

func TestNew(t *testing.T) {
	t.Parallel()
	type bytesOf struct {
		fx.In
		Rows []byte `name:"rows"`
	}
	constructed := func() iomanagers.IOManager { panic("constructed") }
	c, err := container.New(
		container.Provide("io_manager", constructed, iomanagers.Checks(picky{
			" binding_test.left", "csv binding_test.right", "csv []binding_test.row", "csv []uint8", " binding_test.aside",
		})),
		container.Provide("unknown", constructed))
	if err != nil {
		t.Fatal(err)
	}
	g, err := assets.NewGraph(c,
		assets.New("left", func() left { return 1 }),
		assets.New("right", func() right { return 1 }, assets.Format("csv")),
		assets.New("rows", func() iter.Seq2[row, error] { return nil }, assets.Format("csv")),
		assets.New("taker", func([]row) error { return nil }),
		assets.New("streamer", func(iter.Seq2[row, error], bytesOf) error { return nil }),
		assets.New("middle", func(left, right) middle { return 1 }, assets.IO("unknown")),
		assets.New("bottom", func() bottom { return 1 }, assets.IO("io_manger")),
		assets.NewJob("cleanup", assets.NewOp("find", func() aside { return 1 })))
	if err != nil {
		t.Fatal(err)
	}
	_, err = binding.New(c, g)
	faults, ok := errors.AsType[*container.Faults](err)
	if !ok || !errors.Is(err, iomanagers.ErrUnsupported) {
		t.Fatalf("got %v", err)
	}
	want := []string{
		`asset bottom (binding_test.go:LINE) is stored by the IO manager "io_manger", which does not exist, did you mean "io_manager"?`,
		"asset left (binding_test.go:LINE) can't be stored by io_manager: ",
		"asset right (binding_test.go:LINE) can't be stored by io_manager: ",
		"asset taker (binding_test.go:LINE) can't take rows as []binding_test.row from io_manager: ",
		"op find (binding_test.go:LINE) can't be stored by io_manager: ",
	}
	if len(faults.Errs) != len(want) {
		t.Errorf("got %d faults, want %d: %v", len(faults.Errs), len(want), err)
	}
	for _, text := range want {
		before, after, _ := strings.Cut(text, ":LINE")
		found := false
		for _, fault := range faults.Errs {
			found = found || strings.HasPrefix(fault.Error(), before) && strings.Contains(fault.Error(), after)
		}
		if !found {
			t.Errorf("got %v\nwant %s", err, text)
		}
	}
	if _, err := runs.NewLauncher(runs.LauncherConfig{Container: c, Graph: g}); err == nil || err.Error() != faults.Error() {
		t.Errorf("a launcher says something else: %v", err)
	}
}
