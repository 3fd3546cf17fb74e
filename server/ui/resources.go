package ui

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/inspect"
)

type resourcesPage struct{ Table *table }

func (p *Pages) resources(r *http.Request) (view, error) {
	t := newTable("No resources are defined. container.Provide adds one.", "resource", "lives", "Go type", "config", "health", "needs", "used by", "description")
	health := p.lastHealth(time.Now())
	for _, resource := range p.inspect.Resources() {
		t.add(linked(resource.Key, p.url("/resources/", resource.Key)), text("per "+resource.Lifetime.String()), mono(strings.Join(resource.Types, ", ")),
			p.configCell(resource.Config), health[resource.Key], links(p.url("/resources/"), resource.Needs), right(countText(int64(len(resource.Users)+len(resource.UsedBy))), int64(len(resource.Users)+len(resource.UsedBy))),
			text(firstLine(resource.Description.Description)))
	}
	return view{Template: "resources", Title: "Resources", Nav: "/resources", Data: resourcesPage{t.sort(r)}}, nil
}

// configCell says whether a launch must give something.
func (p *Pages) configCell(fields []container.Field) cell {
	missing, atLaunch := 0, 0
	for _, field := range fields {
		switch {
		case field.AtLaunch:
			atLaunch++
		case field.Source == container.SourceMissing:
			missing++
		}
	}
	switch {
	case len(fields) == 0:
		return text("")
	case missing > 0:
		return cell{Badge: &badge{"bad", countText(int64(missing)) + " missing"}, order: "missing"}
	case atLaunch > 0:
		return cell{Badge: &badge{"", countText(int64(atLaunch)) + " at launch"}, order: "launch"}
	}
	return cell{Badge: &badge{"ok", "complete"}, order: "complete"}
}

type resourcePage struct {
	Resource inspect.Resource
	Facts    []fact
	Graph    drawing
	Fields   *table
	Starts   *table
	Checks   checksPart
	Users    []link
	ReadOnly bool
}

// comparedRuns is how many of the newest runs are looked at for the starts of a resource.
const comparedRuns = 30

func (p *Pages) resource(r *http.Request) (view, error) {
	key := r.PathValue("key")
	resource, err := p.inspect.Resource(key, inspect.Scope{})
	if err != nil {
		return view{}, err
	}
	page := resourcePage{Resource: resource, ReadOnly: p.config.ReadOnly, Graph: p.aroundResource(resource), Users: p.userLinks(resource.Users)}
	page.Facts = slices.DeleteFunc([]fact{
		{Name: "Go type", Text: strings.Join(resource.Types, ", "), Mono: true},
		{Name: "Constructor", Text: resource.Constructor, Mono: true},
		{Name: "Defined at", Text: resource.Position, Mono: true},
		{Name: "Lives", Text: "per " + resource.Lifetime.String()},
		{Name: "Needs", Links: linksTo(p.url("/resources/"), resource.Needs)},
		{Name: "Needed by", Links: linksTo(p.url("/resources/"), resource.UsedBy)},
	}, func(f fact) bool { return f.Text == "" && len(f.Links) == 0 })
	page.Fields = fieldTable(resource.Config).sort(r)
	if page.Starts, err = p.starts(r, key); err != nil {
		return view{}, err
	}
	page.Checks = p.checksOf(key)
	return view{Template: "resource", Title: key, Nav: "/resources", Crumbs: []link{{"Resources", p.url("/resources")}}, Data: page}, nil
}

// fieldTable lists the fields of a config, as a launch without config would get them.
func fieldTable(fields []container.Field) *table {
	t := newTable("It has no config.", "field", "value", "from", "variable", "type")
	for _, field := range fields {
		value := mono(field.Value)
		if field.Source == container.SourceMissing {
			value = cell{Badge: &badge{"bad", "missing"}, order: ""}
		}
		from := labels(sourceText(field.Source))
		if field.AtLaunch {
			from.Labels = append(from.Labels, "at launch")
		}
		if field.Fixed {
			from.Labels = append(from.Labels, "fixed")
		}
		name, variable := mono(field.Path), mono(field.Variable)
		name.Small = field.Description
		if field.Variable != "" {
			variable.Small = "not set"
			if isSet(field.Variable) {
				variable.Small = "set"
			}
		}
		t.add(name, value, from, variable, mono(field.Type))
	}
	return t
}

// sourceText returns where the value of a field comes from, in the words of the page of a run.
func sourceText(source container.Source) string {
	if source == container.SourceZero {
		return "not set"
	}
	return string(source)
}

// userLinks links the assets and the jobs of the ops that use a resource.
func (p *Pages) userLinks(users []string) []link {
	list := []link{}
	for _, user := range users {
		if op, ok := strings.CutPrefix(user, "op:"); ok {
			job, _, _ := strings.Cut(op, "/")
			list = append(list, link{user, p.url("/jobs/", job)})
			continue
		}
		list = append(list, link{user, p.url("/assets/", user)})
	}
	return list
}

func (p *Pages) aroundResource(resource inspect.Resource) drawing {
	id := func(key string) string { return "resource " + key }
	nodes := []graphNode{{ID: id(resource.Key), Text: resource.Key, Class: "resource this"}}
	for _, key := range resource.Needs {
		nodes = append(nodes, graphNode{ID: id(key), Text: key, Class: "resource", Path: p.url("/resources/", key)})
		nodes[0].Needs = append(nodes[0].Needs, id(key))
	}
	for _, key := range resource.UsedBy {
		nodes = append(nodes, graphNode{ID: id(key), Text: key, Class: "resource", Path: p.url("/resources/", key), Needs: []string{id(resource.Key)}})
	}
	for i, user := range p.userLinks(resource.Users) {
		if i == 12 {
			nodes = append(nodes, graphNode{ID: "more", Text: sprintf("%d more", len(resource.Users)-i), Class: "more", Needs: []string{id(resource.Key)}})
			break
		}
		nodes = append(nodes, graphNode{ID: "user " + user.Text, Text: user.Text, Class: "asset", Path: user.Path, Needs: []string{id(resource.Key)}})
	}
	return draw(nodes)
}

// starts lists when a resource was started and stopped in the newest runs.
func (p *Pages) starts(r *http.Request, key string) (*table, error) {
	t := newTable("It was not started in the newest runs.", "started", "run", "step", ">start took", ">in use", ">stop took", "problem")
	records, err := p.inspect.Runs(r.Context(), history.RunQuery{Limit: comparedRuns, OmitSteps: true})
	if err != nil {
		return nil, err
	}
	for _, record := range records {
		timeline, err := p.inspect.Timeline(r.Context(), record)
		if err != nil {
			return nil, err
		}
		for _, lane := range timeline.Resources {
			if lane.Key != key {
				continue
			}
			took, problem := make(map[inspect.SpanKind]time.Duration), ""
			for _, span := range lane.Spans {
				if !span.End.IsZero() {
					took[span.Kind] = span.End.Sub(span.Start)
				}
				problem = cmp.Or(problem, span.Error)
			}
			of := func(kind inspect.SpanKind) cell {
				if took[kind] == 0 {
					return right("", int64(0))
				}
				return right(durationText(took[kind]), int64(took[kind]))
			}
			t.add(at(lane.Spans[0].Start), linked(shortID(record.ID), p.url("/runs/", record.ID)), text(lane.Step),
				of(inspect.SpanStarting), of(inspect.SpanInUse), of(inspect.SpanStopping), text(firstLine(problem)))
		}
	}
	return t.sort(r), nil
}
