package ui

import (
	"net/http"
	"slices"
	"time"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/automation"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/inspect"
)

type jobsPage struct{ Table *table }

func (p *Pages) jobs(r *http.Request) (view, error) {
	jobs, err := p.inspect.Jobs()
	if err != nil {
		return view{}, err
	}
	t := newTable("No jobs are defined. assets.NewJob gives a selection of assets, or a graph of ops, a name.", "job", "description", ">steps", "last run", "started", "tags")
	for _, job := range jobs {
		last, err := p.inspect.Runs(r.Context(), history.RunQuery{Job: job.Name, Limit: 1, OmitSteps: true})
		if err != nil {
			return view{}, err
		}
		status, started := text("never"), cell{}
		if len(last) > 0 {
			status = p.stateCell(r.Context(), last[0])
			started = at(startOf(last[0]))
		}
		n := len(job.Assets) + len(job.Ops)
		t.add(linked(job.Name, p.url("/jobs/", job.Name)), text(firstLine(job.Description)), right(countText(int64(n)), int64(n)), status, started, text(tagsText(job.Tags)))
	}
	return view{Template: "jobs", Title: "Jobs", Nav: "/jobs", Data: jobsPage{t.sort(r)}}, nil
}

type jobPage struct {
	Job   inspect.Job
	Facts []fact
	Graph drawing
	Runs  *table
}

func (p *Pages) job(r *http.Request) (view, error) {
	name := r.PathValue("name")
	if _, err := p.config.Graph.Job(name); err != nil {
		return view{}, err
	}
	jobs, err := p.inspect.Jobs()
	if err != nil {
		return view{}, err
	}
	i := slices.IndexFunc(jobs, func(job inspect.Job) bool { return job.Name == name })
	picture, err := p.inspect.Picture(inspect.Scope{Job: name})
	if err != nil {
		return view{}, err
	}
	found, err := p.inspect.Runs(r.Context(), history.RunQuery{Job: name, Limit: 20})
	if err != nil {
		return view{}, err
	}
	page := jobPage{Job: jobs[i], Graph: p.drawPicture(picture, nil, true), Runs: p.runTable(r.Context(), found).sort(r)}
	page.Facts = slices.DeleteFunc([]fact{
		{Name: "Selection", Text: jobs[i].Selection, Mono: true}, {Name: "Tags", Text: tagsText(jobs[i].Tags)}, {Name: "Defined at", Text: jobs[i].Position, Mono: true},
	}, func(f fact) bool { return f.Text == "" })
	page.Facts = append(page.Facts, p.launchedBy(func(one automation.Description) bool { return one.Job == name })...)
	return view{Template: "job", Title: name, Nav: "/jobs", Crumbs: []link{{"Jobs", p.url("/jobs")}}, Data: page}, nil
}

// drawPicture draws a graph of steps and resources. states has the states of assets, by
// key.
func (p *Pages) drawPicture(picture inspect.Picture, states map[string]assetState, withResources bool) drawing {
	var nodes []graphNode
	for _, node := range picture.Nodes {
		isResource := node.Kind == inspect.KindResource
		if isResource && !withResources {
			continue
		}
		drawn := graphNode{ID: node.ID, Text: node.Key, Class: node.Kind, Needs: node.Needs}
		switch node.Kind {
		case inspect.KindResource:
			drawn.Path = p.url("/resources/", node.Key)
		case string(assets.KindAsset):
			drawn.Path = p.url("/assets/", node.Key)
		}
		if asset, ok := states[node.Key]; ok && !isResource {
			status := assetBadge(asset.status())
			drawn.Class += " s-" + status.Class
			drawn.Detail = nodeText(&asset, time.Now())
		}
		nodes = append(nodes, drawn)
	}
	return draw(nodes)
}
