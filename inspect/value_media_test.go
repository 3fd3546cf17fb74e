package inspect_test

import (
	"errors"
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

func TestAValueIsShownAsAnImageOrHTMLByHowItBegins(t *testing.T) {
	t.Parallel()
	values := map[string]struct{ value, media string }{
		"png": {"\x89PNG\r\n\x1a\nrest", "image/png"}, "jpeg": {"\xff\xd8\xff\xe0", "image/jpeg"}, "gif": {"GIF89a", "image/gif"},
		"svg": {"\n<svg xmlns='x'/>", "image/svg+xml"}, "svg_xml": {"<?xml version='1.0'?><svg/>", "image/svg+xml"}, "html": {"<!DOCTYPE html><p>a", "text/html"},
		"text": {"a < b", ""}, "xml": {"<?xml version='1.0'?><a/>", ""}, "empty": {"", ""}, "pdf": {"%PDF-1.7", ""},
	}
	options := []fx.Option{fxrun.Module, fx.NopLogger, fx.Supply(fxrun.IO{IOManager: iomanagers.NewMemory()})}
	for key, c := range values {
		options = append(options, assets.New(key, func() (document, error) { return document(c.value), nil }), assets.New(key+"_bytes", func() (blob, error) { return blob(c.value), nil }))
	}
	options = append(options, assets.New("large", func() (document, error) {
		return document("<!doctype html>" + strings.Repeat(" ", inspect.LargestMedia)), nil
	}),
		assets.New("hidden", func() (secretive, error) { return "<!doctype html>", nil }), assets.New("rows", func() (flights, error) { return nil, nil }))
	var launcher *runs.Launcher
	var graph *assets.Graph
	var c *container.Container
	app := fxtest.New(t, append(options, fx.Populate(&launcher, &graph, &c))...)
	app.RequireStart()
	t.Cleanup(app.RequireStop)
	run, err := launcher.Launch(t.Context(), runs.Request{Selection: "*"})
	if err != nil {
		t.Fatal(err)
	}
	if err := run.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	i := inspect.New(c, graph, launcher.Store())
	for key, want := range values {
		for _, key := range []string{key, key + "_bytes"} {
			data, media, err := i.MediaValue(t.Context(), launcher, key)
			switch {
			case want.media == "":
				if !errors.Is(err, inspect.ErrNoMedia) {
					t.Errorf("%s is %q, %v", key, media, err)
				}
			case err != nil || media != want.media || string(data) != want.value:
				t.Errorf("%s is %q, %q, %v", key, data, media, err)
			}
			if preview, err := i.PreviewValue(t.Context(), launcher, key); err != nil || preview.Media != want.media {
				t.Errorf("the preview of %s is %q, %v", key, preview.Media, err)
			}
		}
	}
	for _, key := range []string{"large", "hidden", "rows"} {
		if _, media, err := i.MediaValue(t.Context(), launcher, key); !errors.Is(err, inspect.ErrNoMedia) {
			t.Errorf("%s is %q, %v", key, media, err)
		}
	}
}
