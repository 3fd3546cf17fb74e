package ui

import (
	"net/http"
	"strings"
	"time"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/internal/quantity"
)

type assetsPage struct {
	Query, Status string
	Statuses      []string
	Facets        []facet
	Table         *table
	Total, Shown  int
}

func (p *Pages) assets(r *http.Request) (view, error) {
	states, err := p.assetStates(r.Context(), "")
	if err != nil {
		return view{}, err
	}
	page := assetsPage{
		Query: trimmed(r, "q"), Status: r.FormValue("status"), Facets: assetFacets(r), Total: len(states),
		Statuses: []string{"materialized", "no value", "running", "failed", "cancelled"},
		Table: newTable("No asset fits. Assets are defined by assets.New in the program.",
			"asset", "state", "group", "materialized", ">rows", ">size", ">took", "run", "tags", "owner"),
	}
	var fitting []*assetState
	for i := range states {
		asset := &states[i]
		for f := range page.Facets {
			page.Facets[f].count(asset)
		}
		if page.Status != "" && asset.status() != page.Status || !assetFits(asset, page.Query) || !allFit(page.Facets, asset) {
			continue
		}
		fitting = append(fitting, asset)
	}
	page.Shown = len(fitting)
	page.Table.fill(r, len(fitting), func(i int) []cell { return p.assetCells(fitting[i]) })
	return view{Template: "assets", Title: "Assets", Nav: "/assets", Data: page}, nil
}

func assetFits(asset *assetState, query string) bool {
	if query == "" {
		return true
	}
	text := strings.ToLower(strings.Join([]string{asset.Key, asset.Description.Description, asset.Group, strings.Join(asset.Tags, " "), strings.Join(asset.Owners, " ")}, " "))
	return strings.Contains(text, strings.ToLower(query))
}

func (p *Pages) assetCells(asset *assetState) []cell {
	status := assetBadge(asset.status())
	cells := []cell{
		linked(asset.Key, p.url("/assets/", asset.Key)), {Badge: &status, order: status.Text}, text(asset.Group),
	}
	if asset.Last == nil {
		cells = append(cells, at(time.Time{}), right("", int64(-1)), right("", int64(0)), right("", int64(0)), text(""))
	} else {
		value, _ := asset.Last.Data.(history.AssetMaterialized)
		count, known := rowsOf(value)
		rows := right("", int64(-1))
		if known {
			rows = right(countText(count), count)
		}
		took := right("", int64(0))
		if asset.attempt.Run == asset.Last.RunID && asset.attempt.Duration > 0 {
			took = right(durationText(asset.attempt.Duration), int64(asset.attempt.Duration))
		}
		cells = append(cells, at(asset.Last.Time), rows, right(quantity.Size(value.Size), value.Size), took,
			linked(shortID(asset.Last.RunID), p.url("/runs/", asset.Last.RunID)))
	}
	return append(cells, p.facetCell("tag", asset.Tags), p.facetCell("owner", asset.Owners))
}
