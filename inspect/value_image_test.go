package inspect_test

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/png"
	"strings"
	"testing"

	"go.uber.org/fx"
	"go.uber.org/fx/fxtest"

	"github.com/fxrun/fxrun"
	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/inspect"
	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/runs"
)

// chart is an image of a program of its own.
type chart struct{ Width, Height int }

func (c chart) ColorModel() color.Model { return color.RGBAModel }
func (c chart) Bounds() image.Rectangle { return image.Rect(-10, 5, c.Width-10, c.Height+5) }
func (c chart) At(x, y int) color.Color { return color.RGBA{uint8(x + 10), uint8(y - 5), 7, 255} }

// drawn executes assets whose values an IO manager keeps.
func drawn(t *testing.T, manager iomanagers.IOManager, options ...fx.Option) (*inspect.Inspector, *runs.Launcher) {
	t.Helper()
	var launcher *runs.Launcher
	var graph *assets.Graph
	var c *container.Container
	app := fxtest.New(t, fxrun.Module, fx.NopLogger, fx.Supply(fxrun.IO{IOManager: manager}), fx.Options(options...), fx.Populate(&launcher, &graph, &c))
	app.RequireStart()
	t.Cleanup(app.RequireStop)
	run, err := launcher.Launch(t.Context(), runs.Request{Selection: "*"})
	if err != nil {
		t.Fatal(err)
	}
	if err := run.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	return inspect.New(c, graph, launcher.Store()), launcher
}

func painted() *image.RGBA {
	made := image.NewRGBA(image.Rect(0, 0, 3, 2))
	made.Set(2, 1, color.RGBA{200, 100, 50, 255})
	return made
}

func TestAnImageIsShownAsAPNG(t *testing.T) {
	t.Parallel()
	i, launcher := drawn(t, iomanagers.NewMemory(),
		assets.New("pointer", painted),
		assets.New("own", func() chart { return chart{40, 30} }),
		assets.New("large", func() chart { return chart{6000, 1000} }),
		assets.New("huge", func() chart { return chart{1 << 30, 1 << 30} }),
		assets.New("empty", func() chart { return chart{0, 7} }),
		assets.New("rectangle", func() image.Rectangle { return image.Rect(0, 0, 3, 2) }),
	)
	for key, want := range map[string]struct {
		size   image.Point
		text   string
		colour color.RGBA // of the last pixel
	}{
		"pointer": {image.Pt(3, 2), "an image of 3 x 2 pixels", color.RGBA{200, 100, 50, 255}},
		"own":     {image.Pt(40, 30), "an image of 40 x 30 pixels", color.RGBA{39, 29, 7, 255}},
		"large":   {image.Pt(3000, 500), "an image of 6000 x 1000 pixels, of which one in 2 by 2 is shown", color.RGBA{5998 % 256, 998 % 256, 7, 255}},
		"huge":    {image.Pt(1225, 1225), "an image of 1073741824 x 1073741824 pixels, of which one in", color.RGBA{}},
	} {
		t.Run(key, func(t *testing.T) {
			t.Parallel()
			preview, err := i.PreviewValue(t.Context(), launcher, key)
			if err != nil || preview.Media != "image/png" || !strings.HasPrefix(preview.Text, want.text) {
				t.Errorf("the preview is %+v, %v", preview, err)
			}
			data, media, err := i.MediaValue(t.Context(), launcher, key)
			if err != nil || media != "image/png" || len(data) > inspect.LargestMedia {
				t.Fatalf("the value is %d bytes of %q, %v", len(data), media, err)
			}
			shown, err := png.Decode(bytes.NewReader(data))
			if err != nil {
				t.Fatal(err)
			}
			if shown.Bounds().Size() != want.size {
				t.Errorf("the image has the size %v", shown.Bounds().Size())
			}
			last := shown.Bounds().Max.Sub(image.Pt(1, 1))
			if got := color.RGBAModel.Convert(shown.At(last.X, last.Y)); want.colour != (color.RGBA{}) && got != want.colour {
				t.Errorf("the last pixel is %v, want %v", got, want.colour)
			}
		})
	}
	for key, text := range map[string]string{"empty": "an image of 0 x 7 pixels, which has nothing to be shown", "rectangle": `"Min"`} {
		preview, err := i.PreviewValue(t.Context(), launcher, key)
		if err != nil || preview.Media != "" || !strings.Contains(preview.Text, text) {
			t.Errorf("the preview of %s is %+v, %v", key, preview, err)
		}
		if _, _, err := i.MediaValue(t.Context(), launcher, key); !errors.Is(err, inspect.ErrNoMedia) {
			t.Errorf("the value of %s: %v", key, err)
		}
	}
}

func TestAnAssetOfAnyImageIsRefused(t *testing.T) {
	t.Parallel()
	app := fx.New(fxrun.Module, fx.NopLogger, fx.Supply(fxrun.IO{IOManager: iomanagers.NewMemory()}),
		assets.New("any", func() image.Image { return painted() }), fx.Invoke(func(*runs.Launcher) {}))
	if err := app.Err(); err == nil || !strings.Contains(err.Error(), "asset any") || !strings.Contains(err.Error(), "image.Image is an interface with methods") {
		t.Errorf("the error is %v", err)
	}
}

func TestAnImageInAFileIsShown(t *testing.T) {
	t.Parallel()
	files, err := iomanagers.NewFiles(iomanagers.FilesConfig{Root: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	i, launcher := drawn(t, files, assets.New("pointer", painted))
	if _, media, err := i.MediaValue(t.Context(), launcher, "pointer"); err != nil || media != "image/png" {
		t.Errorf("the value is %q, %v", media, err)
	}
}
