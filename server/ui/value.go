package ui

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/fxrun/fxrun/inspect"
	"github.com/fxrun/fxrun/iomanagers"
)

type valuePage struct {
	inspect.ValuePreview
	Problem string
	Right   []bool // which columns are of numbers
}

// numberColumns says which columns have numbers alone.
func numberColumns(preview inspect.ValuePreview) []bool {
	numbers := make([]bool, len(preview.Columns))
	for i := range numbers {
		numbers[i] = len(preview.Rows) > 0 && !slices.ContainsFunc(preview.Rows, func(row []string) bool {
			_, err := strconv.ParseFloat(row[i], 64)
			return err != nil
		})
	}
	return numbers
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
	page := valuePage{ValuePreview: preview, Right: numberColumns(preview)}
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
