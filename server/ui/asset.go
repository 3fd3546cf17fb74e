package ui

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/fxrun/fxrun/automation"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/inspect"
	"github.com/fxrun/fxrun/internal/quantity"
)

type assetPage struct {
	Asset  inspect.AssetDetail
	Badge  badge
	Facts  []fact
	Around drawing
	Plots  []plot
	Table  *table
	Fields *table
	Config *table // of the step that makes the asset
	MadeBy []fact // the jobs, schedules and sensors
	Last   *history.Event
	Loads  bool // whether there is a value to be shown
	Failed *inspect.LastAttempt
}

// fact is a name with a text or links.
type fact struct {
	Name, Text string
	Links      []link
	Time       time.Time
	Mono       bool
}

// shownMaterializations is how many materializations the page of an asset shows.
const shownMaterializations = 50

func (p *Pages) asset(r *http.Request) (view, error) {
	key := r.PathValue("key")
	asset, err := p.inspect.Asset(key)
	if err != nil {
		return view{}, err
	}
	if err := p.inspect.ReadMaterializations(r.Context(), &asset, shownMaterializations); err != nil {
		return view{}, err
	}
	attempts, err := p.inspect.LastAttempts(r.Context(), 0)
	if err != nil {
		return view{}, err
	}
	state := assetState{Asset: inspect.Asset{Description: asset.Description}, attempt: attempts[cmp.Or(asset.Step, asset.Key)]}
	if len(asset.Materializations) > 0 {
		state.Last = &asset.Materializations[0]
	}
	page := assetPage{
		Asset: asset, Badge: assetBadge(state.status()), Facts: p.assetFacts(asset), Around: p.around(asset), Plots: plots(asset.Materializations),
		Table: p.materializationTable(asset.Materializations).sort(r), Fields: columnTable(p.inspect.RowFields(key)).sort(r), Last: state.Last,
		Loads: state.Last != nil && asset.Type != "",
	}
	page.Config = fieldTable(p.configs()[cmp.Or(asset.Step, asset.Key)]).sort(r)
	if state.status() == string(history.StepStatusFailed) {
		page.Failed = &state.attempt
	}
	jobs, err := p.inspect.Jobs()
	if err != nil {
		return view{}, err
	}
	var making []string
	for _, job := range jobs {
		if slices.Contains(job.Assets, key) {
			making = append(making, job.Name)
		}
	}
	page.MadeBy = p.madeBy(key, making)
	return view{Template: "asset", Title: key, Nav: "/assets", Crumbs: []link{{"Assets", p.url("/assets")}}, Data: page}, nil
}

// columnTable lists the columns of the rows of an asset.
func columnTable(fields []inspect.RowField) *table {
	t := newTable("", "column", "Go type")
	for _, field := range fields {
		t.add(mono(field.Name), mono(field.Type))
	}
	return t
}

// madeBy links the jobs that make an asset, and the schedules and sensors that run these
// jobs or the asset by default.
func (p *Pages) madeBy(key string, jobs []string) []fact {
	launched := p.launchedBy(func(one automation.Description) bool {
		if one.Selection == "" {
			return slices.Contains(jobs, one.Job)
		}
		selected, err := p.config.Graph.Select(one.Selection)
		return err == nil && slices.Contains(selected, key)
	})
	if len(jobs) == 0 {
		return launched
	}
	return append([]fact{{Name: "Jobs", Links: linksTo(p.url("/jobs/"), jobs)}}, launched...)
}

// launchedBy links the schedules and the sensors that fit.
func (p *Pages) launchedBy(fits func(automation.Description) bool) []fact {
	schedules, sensors := fact{Name: "Schedules"}, fact{Name: "Sensors"}
	if p.config.Automations != nil {
		for _, one := range p.config.Automations.Descriptions() {
			switch found := (link{one.Name, p.automationPath(one)}); {
			case !fits(one):
			case one.Kind == automation.KindSensor:
				sensors.Links = append(sensors.Links, found)
			default:
				schedules.Links = append(schedules.Links, found)
			}
		}
	}
	return slices.DeleteFunc([]fact{schedules, sensors}, func(f fact) bool { return len(f.Links) == 0 })
}

func (p *Pages) assetFacts(asset inspect.AssetDetail) []fact {
	stored := asset.IO
	if asset.Format != "" {
		stored += " as " + asset.Format
	}
	list := []fact{
		{Name: "Go type", Text: asset.Type, Mono: true},
		{Name: "Function", Text: asset.Function, Mono: true},
		{Name: "Defined at", Text: asset.Position, Mono: true},
		{Name: "Rows", Text: asset.RowsHint},
		{Name: "Group", Text: asset.Group},
		{Name: "Tags", Links: p.facetCell("tag", asset.Tags).Links},
		{Name: "Owners", Links: p.facetCell("owner", asset.Owners).Links},
		{Name: "Code version", Text: asset.CodeVersion},
		{Name: "Resources", Links: linksTo(p.url("/resources/"), asset.Resources)},
		{Name: "Made with", Links: linksTo(p.url("/assets/"), asset.With)},
	}
	if asset.IO != "" {
		list = append(list, fact{Name: "Stored by", Links: []link{{stored, p.url("/resources/", asset.IO)}}})
	} else {
		list = append(list, fact{Name: "Stored", Text: "by its own function"})
	}
	if asset.Retries > 0 {
		list = append(list, fact{Name: "Attempts", Text: fmt.Sprintf("%d at most", asset.Retries+1)})
	}
	if asset.Timeout > 0 {
		list = append(list, fact{Name: "Time limit", Text: durationText(asset.Timeout)})
	}
	return slices.DeleteFunc(list, func(f fact) bool { return f.Text == "" && len(f.Links) == 0 })
}

func (p *Pages) materializationTable(events []history.Event) *table {
	t := newTable("It was never materialized. Launch it to compute its first value.", "materialized", "run", ">rows", ">change", ">size", "metadata")
	for i, event := range events {
		value, _ := event.Data.(history.AssetMaterialized)
		count, known := rowsOf(value)
		rows, change := right("", int64(-1)), right("", int64(0))
		if known {
			rows = right(countText(count), count)
			if i+1 < len(events) {
				before, _ := events[i+1].Data.(history.AssetMaterialized)
				if earlier, ok := rowsOf(before); ok && earlier != count {
					change = right(fmt.Sprintf("%+d", count-earlier), count-earlier)
				}
			}
		}
		t.add(at(event.Time), linked(shortID(event.RunID), p.url("/runs/", event.RunID)), rows, change, right(quantity.Size(value.Size), value.Size), text(metadataText(value.Metadata)))
	}
	return t
}

func metadataText(values history.Values) string {
	var texts []string
	for name, value := range values {
		if name != "rows" {
			texts = append(texts, name+"="+valueText(value))
		}
	}
	slices.Sort(texts)
	return strings.Join(texts, "  ")
}

// around draws an asset with what it is made from and what is made from it.
func (p *Pages) around(asset inspect.AssetDetail) drawing {
	nodes := []graphNode{{ID: "asset " + asset.Key, Text: asset.Key, Class: "asset this"}}
	for _, key := range asset.Upstream {
		nodes = append(nodes, graphNode{ID: "asset " + key, Text: key, Class: "asset", Path: p.url("/assets/", key)})
		nodes[0].Needs = append(nodes[0].Needs, "asset "+key)
	}
	for _, key := range asset.Downstream {
		nodes = append(nodes, graphNode{ID: "asset " + key, Text: key, Class: "asset", Path: p.url("/assets/", key), Needs: []string{"asset " + asset.Key}})
	}
	for _, key := range asset.Resources {
		nodes = append(nodes, graphNode{ID: "resource " + key, Text: key, Class: "resource", Path: p.url("/resources/", key)})
		nodes[0].Needs = append(nodes[0].Needs, "resource "+key)
	}
	return draw(nodes)
}
