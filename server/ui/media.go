package ui

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"github.com/fxrun/fxrun/inspect"
)

// mediaPolicy is the policy of a stored value. It is a document of its own without an
// origin, of which no script runs and which loads nothing; only our pages may show it.
const mediaPolicy = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"

// media serves a stored value that is an image or HTML, for the page of its asset.
func (p *Pages) media(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), previewTime)
	defer cancel()
	data, media, err := p.inspect.MediaValue(ctx, p.config.Launcher, r.PathValue("key"))
	if err != nil {
		if errors.Is(err, inspect.ErrNoMedia) {
			err = notFound("%v", err)
		}
		p.write(w, r, p.problem(r, err))
		return
	}
	header := w.Header()
	header.Set("Content-Security-Policy", mediaPolicy)
	header.Set("Content-Type", media)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Cache-Control", "no-store")
	header.Set("Content-Length", strconv.Itoa(len(data)))
	_, _ = w.Write(data) // the reader may be gone
}
