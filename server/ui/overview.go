package ui

import (
	"net/http"
	"slices"
	"time"

	"github.com/fxrun/fxrun/history"
)

type overviewPage struct {
	Attention []attention
	Timeline  *jobTimeline // nil if there is nothing to be shown
	Recent    *table
	Counts    []fact
	Empty     bool // nothing has run
	Nothing   bool // nothing is defined that could run
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
		p.runsToLookAt(r.Context(), records, now), p.automationsToLookAt(slices.Concat(schedules, sensors), now), p.healthToLookAt(now), p.resourcesToLookAt(),
	)}
	page.Recent = p.runTable(r.Context(), records[:min(len(records), 10)]).sort(r)
	if page.Timeline, err = p.jobTimeline(r, records, now); err != nil {
		return view{}, err
	}
	assets, err := p.assetsWithLast(r.Context(), "")
	if err != nil {
		return view{}, err
	}
	page.Nothing = len(assets) == 0 && len(p.config.Graph.Jobs()) == 0
	materialized := 0
	for _, asset := range assets {
		if asset.Last != nil {
			materialized++
		}
	}
	page.Counts = []fact{
		{Name: "Assets", Links: []link{{sprintf("%d, of which %d have a value", len(assets), materialized), p.url("/assets")}}},
		{Name: "Jobs", Links: []link{{countText(int64(len(p.config.Graph.Jobs()))), p.url("/jobs")}}},
		{Name: "Resources", Links: []link{{countText(int64(len(p.inspect.Resources()))), p.url("/resources")}}},
	}
	return view{Template: "overview", Title: "Overview", Nav: "/", Data: page}, nil
}
