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
	Near    *link // the page whose address is nearest to one that there is not
}

// problem is the page about an error. An error that the person can correct is shown;
// any other one is also logged.
func (p *Pages) problem(r *http.Request, err error) view {
	status := http.StatusInternalServerError
	var absent *missingError
	var refused *refusedError
	switch {
	case errors.As(err, &refused):
		status = refused.status
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
		data.Near = p.nearest(r)
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
	return notFound("there is no page %s", strings.TrimPrefix(r.URL.Path, p.config.Prefix))
}

// nearest returns the page whose address is nearest to that of a request; nil if none is near.
func (p *Pages) nearest(r *http.Request) *link {
	path := strings.TrimPrefix(r.URL.Path, p.config.Prefix)
	first, name, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	page := nearest.Name("/"+first, p.menuPaths(r))
	if page == "" || page == "/" {
		return nil
	}
	names := p.namesOf(page)
	switch near := nearest.Name(name, names); {
	case near != "":
		name = near
	case page == "/"+first:
		return nil
	case len(names) > 0:
		name = ""
	}
	if name == "" {
		return &link{page, p.url(page)}
	}
	return &link{page + "/" + name, p.url(page+"/", name)}
}

func (p *Pages) menuPaths(r *http.Request) []string {
	var paths []string
	for _, entry := range p.shell(r, view{}).Menu {
		paths = append(paths, entry.Path)
	}
	return paths
}

// namesOf returns the names that have a page of their own below a page.
func (p *Pages) namesOf(page string) []string {
	var names []string
	switch page {
	case "/assets":
		for _, asset := range p.config.Graph.Assets() {
			names = append(names, asset.Key)
		}
	case "/jobs":
		for _, job := range p.config.Graph.Jobs() {
			names = append(names, job.Name)
		}
	case "/resources":
		for _, resource := range p.inspect.Resources() {
			names = append(names, resource.Key)
		}
	case "/automation":
		if p.config.Automations != nil {
			for _, one := range p.config.Automations.Descriptions() {
				names = append(names, string(one.Kind)+"/"+one.Name)
			}
		}
	}
	return names
}

type missingError struct{ text string }

func (e *missingError) Error() string { return e.text }

func notFound(format string, args ...any) error { return &missingError{sprintf(format, args...)} }
