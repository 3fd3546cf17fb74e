package ui

import (
	"cmp"
	"net/http"
	"runtime"
	"runtime/debug"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/inspect"
	"github.com/fxrun/fxrun/internal/quantity"
	"github.com/fxrun/fxrun/runs"
)

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
		for _, module := range build.Deps {
			if module.Path == "github.com/fxrun/fxrun" {
				page.Facts = append(page.Facts, fact{Name: "fxrun", Text: module.Version})
			}
		}
	}
	size, err := p.inspect.StoreSize(r.Context())
	if err != nil {
		return view{}, err
	}
	if size > 0 {
		page.Facts = append(page.Facts, fact{Name: "Size of the history", Text: quantity.Size(size)})
	}
	page.Facts = append(page.Facts, fact{Name: "Keeps", Text: retentionText(p.config.Launcher.Retention())})
	for _, variable := range p.inspect.Variables(p.configs()) {
		p.addVariable(page.Variables, variable)
	}
	page.Variables.sort(r)
	if page.Pools, err = p.poolTable(r); err != nil {
		return view{}, err
	}
	page.Pools.sort(r)
	if control, err := p.control(); err == nil && p.config.Automations != nil {
		ticked, err := p.tickerFacts(r.Context(), control)
		if err != nil {
			return view{}, err
		}
		page.Facts = append(page.Facts, ticked[0])
	}
	if page.Queue, err = p.queueTable(r); err != nil {
		return view{}, err
	}
	return view{Template: "instance", Title: "Instance", Nav: "/instance", Data: page}, nil
}

func (p *Pages) addVariable(t *table, variable inspect.Variable) {
	reader := linked(variable.Resource, p.url("/resources/", variable.Resource))
	if variable.Step != "" {
		user := p.userLinks([]string{variable.Step})[0]
		reader = linked(user.Text, user.Path)
	}
	status := cell{Badge: &badge{"", "not set"}, order: "not set"}
	switch {
	case variable.Set:
		status = cell{Badge: &badge{"ok", "set"}, order: "set"}
	case variable.Missing:
		status = cell{Badge: &badge{"bad", "not set"}, order: "missing"}
	}
	required := ""
	if variable.Required {
		required = "yes"
	}
	t.add(mono(variable.Name), status, reader, mono(variable.Field), text(required))
}

// queueTable lists the queued runs and what each of them waits for.
func (p *Pages) queueTable(r *http.Request) (*table, error) {
	t := newTable("No run is queued.", "run", "what", "queued", "waits for")
	records, err := p.inspect.Runs(r.Context(), history.RunQuery{Statuses: []history.Status{history.StatusQueued}, Limit: overviewRuns, OmitSteps: true})
	if err != nil {
		return nil, err
	}
	for _, record := range records {
		waits, err := p.config.Launcher.WaitsFor(r.Context(), record)
		if err != nil {
			waits = "it is not known: " + firstLine(err.Error())
		}
		t.add(cell{Text: shortID(record.ID), Path: p.url("/runs/", record.ID), Mono: true, ID: true, order: record.ID}, p.whatCell(record), at(record.Queued), text(waits))
	}
	return t, nil
}

// poolTable lists the pools with the steps that hold a place and those that wait for one.
func (p *Pages) poolTable(r *http.Request) (*table, error) {
	t := newTable("No step is in a pool. assets.Pool puts one there.", "pool", ">places", ">free", "held by", "waiting", "steps")
	pools, err := p.inspect.Pools(r.Context(), p.config.Launcher)
	if err != nil || len(pools) == 0 {
		return t, err
	}
	for _, pool := range pools {
		free := pool.Places - pool.Used
		t.add(text(pool.Name), right(countText(int64(pool.Places)), int64(pool.Places)), right(countText(int64(free)), int64(free)),
			cell{Links: p.poolSteps(pool.Holders)}, cell{Links: p.poolSteps(pool.Waiters)}, links(p.url("/assets/"), pool.Assets))
	}
	return t, nil
}

func (p *Pages) poolSteps(steps []inspect.PoolStep) []link {
	made := make([]link, len(steps))
	for i, one := range steps {
		made[i] = link{one.Step + " of " + shortID(one.Run), p.url("/runs/", one.Run)}
	}
	return made
}

// retentionText says which runs the history keeps.
func retentionText(kept runs.Retention) string {
	age, most := cmp.Or(kept.Age, runs.DefaultAge), cmp.Or(kept.Runs, runs.DefaultRuns)
	switch {
	case age < 0 && most < 0:
		return "all runs"
	case age < 0:
		return "the newest " + countText(int64(most)) + " runs of each job"
	case most < 0:
		return "runs of the last " + roundText(age)
	}
	return "runs of the last " + roundText(age) + ", and of each job the newest " + countText(int64(most))
}
