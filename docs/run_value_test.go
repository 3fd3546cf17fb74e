package docs_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"go.uber.org/fx"
	"go.uber.org/fx/fxtest"

	"github.com/fxrun/fxrun"
	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/runs"
)

// Drawer is an IO manager that keeps each value in a file, together with the run
// that made the value.
type Drawer struct{ folder string }

// sheet is the content of a file.
type sheet struct {
	Run   string          `json:"run"`
	Value json.RawMessage `json:"value"`
}

// Store writes the value and its run into one file, so that both take their place
// in one step.
func (d *Drawer) Store(_ context.Context, out iomanagers.Output, value any) error {
	text, err := json.Marshal(value)
	if err == nil {
		text, err = json.Marshal(sheet{Run: out.RunID, Value: text})
	}
	if err == nil {
		err = replaceFile(d.path(out.Asset), text)
	}
	if err != nil {
		return fmt.Errorf("storing %s: %w", out, err)
	}
	return nil
}

// Load refuses the value if the step wants the value of another run.
func (d *Drawer) Load(_ context.Context, in iomanagers.Input, dst any) error {
	var found sheet
	text, err := os.ReadFile(d.path(in.Asset))
	if errors.Is(err, fs.ErrNotExist) {
		err = iomanagers.ErrNotFound
	}
	if err == nil {
		err = json.Unmarshal(text, &found)
	}
	if err == nil {
		err = in.CheckMadeBy(found.Run)
	}
	if err == nil {
		err = json.Unmarshal(found.Value, dst)
	}
	if err != nil {
		return fmt.Errorf("loading %s: %w", in, err)
	}
	return nil
}

func (d *Drawer) path(asset string) string {
	return filepath.Join(d.folder, url.PathEscape(asset)+".json")
}

// replaceFile writes a file beside its destination and renames it, so that nobody
// reads half of it.
func replaceFile(path string, text []byte) error {
	file, err := os.CreateTemp(filepath.Dir(path), ".draft-*")
	if err != nil {
		return err
	}
	defer os.Remove(file.Name()) // does nothing after the rename
	_, err = file.Write(text)
	if err = errors.Join(err, file.Close()); err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}

func TestDrawerRefusesTheValueOfAnotherRun(t *testing.T) {
	t.Parallel()
	drawer := &Drawer{t.TempDir()}
	for _, run := range []string{"first", "second"} {
		if err := drawer.Store(t.Context(), iomanagers.Output{Asset: "raw/orders", RunID: run}, run); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct {
		madeBy   string
		accepted bool
	}{{"", true}, {"second", true}, {"first", false}} {
		confirmed, value := false, ""
		err := drawer.Load(t.Context(), iomanagers.Input{
			Asset: "raw/orders", MadeBy: test.madeBy, Confirm: func() { confirmed = true },
		}, &value)
		switch {
		case test.accepted && (err != nil || value != "second" || confirmed != (test.madeBy != "")):
			t.Errorf("the value of the run %q: got %q, %v, confirmed %t", test.madeBy, value, err, confirmed)
		case !test.accepted && (!errors.Is(err, iomanagers.ErrReplaced) || value != "" || confirmed):
			t.Errorf("the value of the run %q: got %q, %v, confirmed %t", test.madeBy, value, err, confirmed)
		}
	}
}

func TestDrawerServesTheStepsOfARun(t *testing.T) {
	t.Parallel()
	var launcher *runs.Launcher
	app := fxtest.New(t, fxrun.Module, fx.Populate(&launcher), fx.NopLogger,
		container.Supply("io_manager", &Drawer{t.TempDir()}, container.As[iomanagers.IOManager]()),
		assets.New("rain", MeasureRain),
		assets.New("rain/total", SumUp))
	app.RequireStart()
	t.Cleanup(app.RequireStop)
	if err := execute(t.Context(), launcher, runs.Request{Selection: "+rain/total"}); err != nil {
		t.Fatal(err)
	}
	if total, err := runs.Value[Total](t.Context(), launcher, "rain/total"); err != nil || total != 7.5 {
		t.Error(total, err)
	}
}
