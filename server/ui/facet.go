package ui

import (
	"net/http"
	"slices"
	"strings"
)

// facet is a property by which the catalog of assets is filtered: an asset fits if one of
// its values is the chosen one.
type facet struct {
	Name, Label string
	Chosen      string // "" is every asset
	counts      map[string]int
	values      func(*assetState) []string
}

// facetValue is a value that assets have, and how many of all assets have it.
type facetValue struct {
	Text   string
	Count  int
	Chosen bool
}

// assetFacets returns the facets of the catalog, as the address chooses them.
func assetFacets(r *http.Request) []facet {
	list := []facet{
		{Name: "group", Label: "Group", values: func(asset *assetState) []string { return []string{asset.Group} }},
		{Name: "tag", Label: "Tag", values: func(asset *assetState) []string { return asset.Tags }},
		{Name: "owner", Label: "Owner", values: func(asset *assetState) []string { return asset.Owners }},
	}
	for i := range list {
		list[i].Chosen, list[i].counts = r.FormValue(list[i].Name), make(map[string]int)
	}
	return list
}

func (f *facet) count(asset *assetState) {
	for _, value := range f.values(asset) {
		f.counts[value]++
	}
}

func (f *facet) fits(asset *assetState) bool {
	return f.Chosen == "" || slices.Contains(f.values(asset), f.Chosen)
}

func allFit(facets []facet, asset *assetState) bool {
	return !slices.ContainsFunc(facets, func(f facet) bool { return !f.fits(asset) })
}

// Values returns the values that can be chosen, sorted. A chosen value that no asset has is
// among them, so that the form shows why no asset fits.
func (f facet) Values() []facetValue {
	list := []facetValue{}
	for _, text := range sortedKeys(f.counts) {
		if text != "" {
			list = append(list, facetValue{text, f.counts[text], text == f.Chosen})
		}
	}
	if f.Chosen != "" && f.counts[f.Chosen] == 0 {
		list = append(list, facetValue{f.Chosen, 0, true})
	}
	return list
}

// facetCell links each value of an asset to the assets that have it too.
func (p *Pages) facetCell(name string, values []string) cell {
	made := cell{order: strings.Join(values, " ")}
	for _, value := range values {
		made.Links = append(made.Links, link{value, p.url("/assets", name, value)})
	}
	return made
}
