package ui

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/fxrun/fxrun/inspect"
	"github.com/fxrun/fxrun/iomanagers"
)

type valuePage struct {
	inspect.ValuePreview
	Problem string
}

// previewTime limits how long the preview of a value may take.
const previewTime = 10 * time.Second

// value shows the beginning of the stored value of an asset.
func (p *Pages) value(r *http.Request) (view, error) {
	key := r.PathValue("key")
	if _, err := p.inspect.Asset(key); err != nil {
		return view{}, err
	}
	ctx, cancel := context.WithTimeout(r.Context(), previewTime)
	defer cancel()
	preview, err := p.inspect.PreviewValue(ctx, p.config.Launcher, key)
	page := valuePage{ValuePreview: preview}
	switch {
	case errors.Is(err, iomanagers.ErrNotFound):
		page.Problem = "Nothing is stored yet."
	case err != nil:
		page.Problem = "The value could not be loaded: " + err.Error()
	}
	return p.partOrPage(r, view{
		Template: "part-value", Title: "Value of " + key, Nav: "/assets",
		Crumbs: []link{{"Assets", p.url("/assets")}, {key, p.url("/assets/", key)}}, Data: page,
	}), nil
}
