package ui

import (
	"net/http"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/internal/nearest"
)

type overviewPage struct {
	Attention []attention
	Timeline  *jobTimeline // nil if there is nothing to be shown
	Recent    *table
	Counts    []fact
	Empty     bool
}

// overviewRuns is how many of the newest runs the overview shows.
const overviewRuns = 100

func (p *Pages) overview(r *http.Request) (view, error) {
	records, err := p.inspect.Runs(r.Context(), history.RunQuery{Limit: overviewRuns})
	if err != nil {
		return view{}, err
	}
	now := time.Now()
	schedules, sensors, err := p.allAutomations(r.Context())
	if err != nil {
		return view{}, err
	}
	page := overviewPage{Empty: len(records) == 0, Attention: slices.Concat(
		p.runsToLookAt(r.Context(), records, now), p.automationsToLookAt(slices.Concat(schedules, sensors), now), p.resourcesToLookAt(),
	)}
	page.Recent = p.runTable(r.Context(), records[:min(len(records), 10)]).sort(r)
	page.Timeline = p.jobTimeline(r, records, schedules, now)
	states, err := p.assetStates(r.Context(), "")
	if err != nil {
		return view{}, err
	}
	materialized := 0
	for _, asset := range states {
		if asset.Last != nil {
			materialized++
		}
	}
	page.Counts = []fact{
		{Name: "Assets", Links: []link{{sprintf("%d, of which %d have a value", len(states), materialized), p.url("/assets")}}},
		{Name: "Jobs", Links: []link{{countText(int64(len(p.config.Graph.Jobs()))), p.url("/jobs")}}},
		{Name: "Resources", Links: []link{{countText(int64(len(p.inspect.Resources()))), p.url("/resources")}}},
	}
	return view{Template: "overview", Title: "Overview", Nav: "/", Data: page}, nil
}

type instancePage struct {
	Facts                   []fact
	Queue, Pools, Variables *table
}

// instance shows where things are kept, versions, and the environment variables that the
// definitions read. It never shows the values of variables.
func (p *Pages) instance(r *http.Request) (view, error) {
	page := instancePage{Variables: newTable("No definition reads the environment.", "variable", "state", "read by", "field", "required")}
	for _, about := range p.config.About {
		page.Facts = append(page.Facts, fact{Name: about.Name, Text: about.Text})
	}
	page.Facts = append(page.Facts, fact{Name: "Go", Text: runtime.Version() + " " + runtime.GOOS + "/" + runtime.GOARCH})
	if build, ok := debug.ReadBuildInfo(); ok {
		page.Facts = append(page.Facts, fact{Name: "Program", Text: build.Path + " " + build.Main.Version, Mono: true})
	}
	for _, resource := range p.inspect.Resources() {
		for _, field := range resource.Config {
			if field.Variable == "" {
				continue
			}
			status := cell{Badge: &badge{"", "not set"}, order: "not set"}
			if _, ok := os.LookupEnv(field.Variable); ok {
				status = cell{Badge: &badge{"ok", "set"}, order: "set"}
			} else if field.Required && field.Source == container.SourceMissing {
				status = cell{Badge: &badge{"bad", "not set"}, order: "missing"}
			}
			required := ""
			if field.Required {
				required = "yes"
			}
			page.Variables.add(mono(field.Variable), status, linked(resource.Key, p.url("/resources/", resource.Key)), mono(field.Path), text(required))
		}
	}
	page.Variables.sort(r)
	page.Pools = p.poolTable()
	if control, err := p.control(); err == nil && p.config.Automations != nil {
		ticked, err := p.tickerFacts(r.Context(), control)
		if err != nil {
			return view{}, err
		}
		page.Facts = append(page.Facts, ticked[0])
	}
	var err error
	if page.Queue, err = p.queueTable(r); err != nil {
		return view{}, err
	}
	return view{Template: "instance", Title: "Instance", Nav: "/instance", Data: page}, nil
}

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
	for _, asset := range p.config.Graph.Assets() {
		consider("asset", asset.Key, p.url("/assets/", asset.Key), asset.Description)
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
			consider("run", record.ID, p.url("/runs/", record.ID), whatText(record))
		}
	}
	if len(page.Results) == 0 {
		page.Near = nearest.Name(page.Query, names)
	}
	return p.partOrPage(r, view{Template: "part-search", Title: "Search", Data: page}), nil
}

// design shows the components that all pages are made of.
func (p *Pages) design(r *http.Request) (view, error) {
	t := newTable("Nothing here. This is what a table without rows says.", "name", "state", "when", ">rows")
	now := time.Now()
	t.add(linked("raw/orders", "#"), state("succeeded"), at(now), right("1 234", int64(1234)))
	t.add(linked("revenue", "#"), state("failed"), at(now.Add(-time.Hour)), right("12", int64(12)))
	return view{Template: "design", Title: "Design", Data: map[string]any{
		"Table": t.sort(r), "Empty": newTable("Nothing here. This is what a table without rows says.", "name", "state"),
		"Badges": []badge{{"ok", "succeeded"}, {"bad", "failed"}, {"run", "running"}, {"warn", "cancelled"}, {"", "queued"}},
		"Fault":  []runFault{newFault("orders failed, 2 times", history.Failure{Message: "running step orders: reading orders: no column \"amont\", did you mean \"amount\"?"})},
	}}, nil
}
