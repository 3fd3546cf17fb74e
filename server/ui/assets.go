package ui

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/fxrun/fxrun/automation"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/inspect"
	"github.com/fxrun/fxrun/internal/quantity"
	"github.com/fxrun/fxrun/iomanagers"
)

// assetState is what is known of the state of an asset.
type assetState struct {
	inspect.Asset
	attempt inspect.LastAttempt
}

// status returns a word for the state of an asset: the status of its last attempt if
// that is newer than its value, or else whether it has a value.
func (a *assetState) status() string {
	status := a.attempt.Status
	switch status {
	case history.StepStatusRunning, history.StepStatusFailed, history.StepStatusCancelled:
		if a.Last == nil || a.attempt.Started.After(a.Last.Time) || status == history.StepStatusFailed && a.attempt.Run == a.Last.RunID {
			return string(status)
		}
	case history.StepStatusPending, history.StepStatusSucceeded, history.StepStatusSkipped:
	}
	if a.Last == nil {
		return "no value"
	}
	return "materialized"
}

func assetBadge(status string) badge {
	class := statusClass(status)
	if status == "materialized" {
		class = "ok"
	}
	return badge{class, status}
}

// assetStates returns the assets of a selection with their states. "" selects all.
func (p *Pages) assetStates(ctx context.Context, selection string) ([]assetState, error) {
	list, err := p.inspect.Assets(selection)
	if err != nil {
		return nil, err
	}
	if err := p.inspect.ReadLast(ctx, list); err != nil {
		return nil, err
	}
	attempts, err := p.inspect.LastAttempts(ctx, 0)
	if err != nil {
		return nil, err
	}
	states := make([]assetState, len(list))
	for i, asset := range list {
		states[i] = assetState{asset, attempts[cmp.Or(asset.Step, asset.Key)]}
	}
	return states, nil
}

type assetsPage struct {
	Query, Group, Status string
	Groups               []string
	Statuses             []string
	Table                *table
	Total, Shown         int
}

func (p *Pages) assets(r *http.Request) (view, error) {
	states, err := p.assetStates(r.Context(), "")
	if err != nil {
		return view{}, err
	}
	page := assetsPage{
		Query: trimmed(r, "q"), Group: r.FormValue("group"), Status: r.FormValue("status"), Total: len(states),
		Statuses: []string{"materialized", "no value", "running", "failed", "cancelled"},
		Table: newTable("No asset fits. Assets are defined by assets.New in the program.",
			"asset", "state", "group", "materialized", ">rows", ">size", ">took", "run", "owner"),
	}
	var fitting []*assetState
	groups := make(map[string]bool)
	for i := range states {
		asset := &states[i]
		groups[asset.Group] = true
		if page.Group != "" && asset.Group != page.Group || page.Status != "" && asset.status() != page.Status || !assetFits(asset, page.Query) {
			continue
		}
		fitting = append(fitting, asset)
	}
	delete(groups, "")
	page.Groups, page.Shown = slices.Sorted(maps.Keys(groups)), len(fitting)
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
	return append(cells, text(strings.Join(asset.Owners, ", ")))
}

type assetPage struct {
	Asset  inspect.AssetDetail
	Badge  badge
	Facts  []fact
	Around drawing
	Plots  []plot
	Table  *table
	Fields []inspect.RowField
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
		Table: p.materializationTable(asset.Materializations).sort(r), Fields: p.inspect.RowFields(key), Last: state.Last,
		Loads: state.Last != nil && asset.Type != "",
	}
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

// madeBy links the jobs that make an asset, and the schedules and sensors that run these
// jobs or the asset by default.
func (p *Pages) madeBy(key string, jobs []string) []fact {
	facts := []fact{{Name: "Jobs", Links: linksTo(p.url("/jobs/"), jobs)}, {Name: "Schedules"}, {Name: "Sensors"}}
	if p.config.Automations != nil {
		for _, one := range p.config.Automations.Descriptions() {
			runsIt := slices.Contains(jobs, one.Job)
			if one.Selection != "" {
				selected, err := p.config.Graph.Select(one.Selection)
				runsIt = err == nil && slices.Contains(selected, key)
			}
			if !runsIt {
				continue
			}
			at := 1
			if one.Kind == automation.KindSensor {
				at = 2
			}
			facts[at].Links = append(facts[at].Links, link{one.Name, p.automationPath(one)})
		}
	}
	return slices.DeleteFunc(facts, func(f fact) bool { return len(f.Links) == 0 })
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
		{Name: "Group", Text: asset.Group},
		{Name: "Tags", Text: strings.Join(asset.Tags, ", ")},
		{Name: "Owners", Text: strings.Join(asset.Owners, ", ")},
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

type valuePage struct {
	inspect.ValuePreview
	Problem string
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
	page := valuePage{ValuePreview: preview}
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

// partOrPage returns a part for htmx, and a page with that part for everybody else.
func (p *Pages) partOrPage(r *http.Request, v view) view {
	if !isPartial(r) {
		v.Data, v.Template = map[string]any{"Part": v.Template, "Data": v.Data}, "single"
	}
	return v
}
