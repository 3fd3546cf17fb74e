package ui

import (
	"errors"
	"net/http"
	"strings"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/inspect"
	"github.com/fxrun/fxrun/internal/nearest"
)

// problemPage is what the page about an error shows.
type problemPage struct {
	Missing bool
	Faults  []string
}

// problem is the page about an error. An error that the person can correct is shown;
// any other one is also logged.
func (p *Pages) problem(r *http.Request, err error) view {
	status := http.StatusInternalServerError
	var absent *missingError
	switch {
	case errors.As(err, &absent), errors.Is(err, history.ErrNotFound):
		status = http.StatusNotFound
	case errors.Is(err, container.ErrInvalid):
		status = http.StatusUnprocessableEntity
		if r.Method == http.MethodGet {
			status = http.StatusNotFound
		}
	default:
		p.config.Logger.Error("answering a request", "path", r.URL.Path, "error", err)
	}
	data := problemPage{Missing: status == http.StatusNotFound, Faults: problemTexts(err)}
	title := "That did not work"
	if data.Missing {
		title = "Not found"
	}
	return view{Template: "problem", Title: title, Data: data, Status: status}
}

// problemTexts returns the faults that an error tells of, or the text of the error.
func problemTexts(err error) []string {
	var texts []string
	for _, fault := range inspect.Faults(err) {
		texts = append(texts, fault.Message)
	}
	if len(texts) == 0 {
		texts = []string{err.Error()}
	}
	return texts
}

// noPage names the page whose address is nearest to one that there is not.
func (p *Pages) noPage(r *http.Request) error {
	path := strings.TrimPrefix(r.URL.Path, p.config.Prefix)
	var paths []string
	for _, entry := range p.shell(r, view{}).Menu {
		paths = append(paths, entry.Path)
	}
	first, rest, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	near := nearest.Name("/"+first, paths)
	if near == "" || near == "/" {
		return notFound("there is no page %s", path)
	}
	if rest != "" && near != "/"+first {
		near += "/" + rest
	}
	return notFound("there is no page %s, did you mean %s?", path, near)
}

type missingError struct{ text string }

func (e *missingError) Error() string { return e.text }

func notFound(format string, args ...any) error { return &missingError{sprintf(format, args...)} }
