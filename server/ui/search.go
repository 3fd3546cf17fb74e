package ui

import (
	"net/http"
	"strings"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/internal/nearest"
)

type searchPage struct {
	Query   string
	Results []searchResult
	Near    string
}

type searchResult struct{ Kind, Name, Path, About string }

// foundAtMost is how many results a search shows.
const foundAtMost = 30

func (p *Pages) search(r *http.Request) (view, error) {
	page := searchPage{Query: trimmed(r, "q")}
	var names []string
	consider := func(kind, name, path, about string) {
		names = append(names, name)
		if len(page.Results) < foundAtMost && strings.Contains(strings.ToLower(name+" "+about), strings.ToLower(page.Query)) {
			page.Results = append(page.Results, searchResult{kind, name, path, firstLine(about)})
		}
	}
	for _, entry := range p.shell(r, view{}).Menu {
		consider("page", entry.Text, p.url(entry.Path), "")
	}
	for _, job := range p.config.Graph.Jobs() {
		consider("job", job.Name, p.url("/jobs/", job.Name), job.Description)
	}
	if p.config.Automations != nil {
		for _, one := range p.config.Automations.Descriptions() {
			consider(string(one.Kind), one.Name, p.automationPath(one), one.Description)
		}
	}
	defined, err := p.inspect.Assets("")
	if err != nil {
		return view{}, err
	}
	for i := range defined {
		consider("asset", defined[i].Key, p.url("/assets/", defined[i].Key), defined[i].Description.Description)
	}
	for _, resource := range p.inspect.Resources() {
		consider("resource", resource.Key, p.url("/resources/", resource.Key), resource.Description.Description)
	}
	if page.Query != "" {
		found, err := p.inspect.Runs(r.Context(), history.RunQuery{IDPrefix: page.Query, Limit: 5, OmitSteps: true})
		if err != nil {
			return view{}, err
		}
		for _, record := range found {
			consider("run", record.ID, p.url("/runs/", record.ID), shownWhat(record))
		}
	}
	if len(page.Results) == 0 {
		page.Near = nearest.Name(page.Query, names)
	}
	return p.partOrPage(r, view{Template: "part-search", Title: "Search", Data: page}), nil
}
