package ui

import (
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/inspect"
	"github.com/fxrun/fxrun/runs"
)

func queryEscaped(text string) string { return url.QueryEscape(text) }

// launchPage is the launchpad: a form and the same config as YAML, with what is wrong and
// what would happen.
type launchPage struct {
	Job, Selection, Tags string
	Jobs                 []string
	YAML                 string
	Check                launchCheck
	Presets              []link
}

// launchCheck is what the server says about a launch.
type launchCheck struct {
	Faults   []inspect.Fault
	Warnings []string
	Sections []formSection
	Steps    []inspect.Step
	Starts   []container.Description
	Chosen   bool // whether something to run was chosen
}

// formSection has the fields of one resource or step.
type formSection struct {
	Kind, Key string
	Path      string
	Fields    []formField
}

// formField is one field of a config in the form.
type formField struct {
	ID    string
	Name  string // the path in the run config
	Label string
	container.Field
	Given   string // what the launch gives, as text; for a secret it is empty
	IsGiven bool
	Fault   string
	Set     string // "set" or "not set", for a variable
}

func (p *Pages) launch(r *http.Request) (view, error) {
	page := launchPage{Job: r.FormValue("job"), Selection: trimmed(r, "select"), Tags: trimmed(r, "tags")}
	for _, job := range p.config.Graph.Jobs() {
		page.Jobs = append(page.Jobs, job.Name)
	}
	if page.Job == "" && page.Selection == "" && len(page.Jobs) == 1 {
		page.Job = page.Jobs[0]
	}
	if from := r.FormValue("from"); from != "" {
		record, err := p.inspect.FindRun(r.Context(), from)
		if err != nil {
			return view{}, err
		}
		page.Job, page.Selection, page.Tags, page.YAML = record.Job, record.Selection, tagsText(record.Tags), yamlOf(record.Config)
		if page.Job != "" {
			page.Selection = ""
		}
	}
	page.Check = p.check(page.Job, page.Selection, page.YAML)
	earlier, err := p.inspect.Runs(r.Context(), history.RunQuery{Job: page.Job, Limit: 8, OmitSteps: true})
	if err != nil {
		return view{}, err
	}
	for _, record := range earlier {
		page.Presets = append(page.Presets, link{shortID(record.ID) + " " + string(record.Status), p.url("/launch", "from", record.ID)})
	}
	return view{Template: "launch", Title: "Launch", Nav: "/launch", Data: page}, nil
}

// request returns the request that the form makes, and what is wrong with its config.
func request(job, selection, yaml string) (runs.Request, error) {
	request := runs.Request{Job: job, Selection: selection}
	if job != "" {
		request.Selection = ""
	}
	config, err := container.ParseRunConfig([]byte(yaml))
	request.Config = config
	return request, err
}

// check does what a launch would do before it starts anything.
func (p *Pages) check(job, selection, yaml string) launchCheck {
	check := launchCheck{Chosen: job != "" || selection != ""}
	if !check.Chosen {
		return check
	}
	request, err := request(job, selection, yaml)
	if err != nil {
		check.Faults = faultList(err)
		request.Config = container.RunConfig{}
	}
	prepared, refused := p.config.Launcher.Prepare(request)
	preview := prepared.Preview()
	if err == nil {
		check.Faults = faultList(refused)
	}
	if preview.Plan == nil {
		return check
	}
	launch := inspect.NewLaunch(request, preview, refused)
	check.Steps, check.Starts = launch.Steps, launch.Resources
	given := givenValues(yaml)
	for _, resource := range preview.Resources {
		check.add("resource", "resources", resource.Key, p.url("/resources/", resource.Key), resource.Config, given)
	}
	for _, step := range preview.Steps {
		check.add("step", "steps", step.Key, "", step.Config, given)
	}
	for _, variable := range p.inspect.UnknownVariables(os.Environ(), request.Config) {
		check.Warnings = append(check.Warnings, sprintf("no field reads the environment variable %s%s", variable.Name, suggestion(variable)))
	}
	return check
}

func faultList(err error) []inspect.Fault {
	if err == nil {
		return nil
	}
	if faults := inspect.Faults(err); len(faults) > 0 {
		return faults
	}
	return []inspect.Fault{{Message: err.Error()}}
}

// add adds the section of a resource or of a step to the form.
func (c *launchCheck) add(kind, section, key, path string, fields []container.Field, given map[string]string) {
	if len(fields) == 0 {
		return
	}
	made := formSection{Kind: kind, Key: key, Path: path}
	for _, field := range fields {
		name := section + "." + key + ".config." + field.Path
		value, isGiven := given[name]
		placed := formField{ID: sprintf("f%d-%d", len(c.Sections), len(made.Fields)), Name: name, Label: field.Path, Field: field, Given: value, IsGiven: isGiven}
		if field.Secret && !strings.HasPrefix(value, "{env:") {
			placed.Given = ""
		}
		if field.Variable != "" {
			placed.Set = "not set"
			if os.Getenv(field.Variable) != "" {
				placed.Set = "set"
			}
		}
		for _, fault := range c.Faults {
			if fault.Path == name || strings.HasPrefix(fault.Path, name+"[") || strings.HasPrefix(fault.Path, name+".") {
				placed.Fault = fault.Message
			}
		}
		made.Fields = append(made.Fields, placed)
	}
	c.Sections = append(c.Sections, made)
}

// checkedPart is the answer to a change in the form or in the text.
type checkedPart struct {
	Check   launchCheck
	YAML    string
	Written bool // whether the form has changed the text
}

// checkLaunch answers a change on the launch page.
func (p *Pages) checkLaunch(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return notFound("the form could not be read: %v", err)
	}
	yaml := r.PostForm.Get("yaml")
	part := checkedPart{YAML: yaml}
	var broken []inspect.Fault
	if name := r.PostForm.Get("changed"); name != "" {
		changed, err := setField(yaml, name, r.PostForm.Get(name), p.typeOf(r.PostForm.Get("job"), trimmed(r, "select"), name))
		if err != nil {
			broken = faultList(err)
		} else {
			part.YAML, part.Written = changed, true
		}
	}
	part.Check = p.check(r.PostForm.Get("job"), trimmed(r, "select"), part.YAML)
	part.Check.Faults = append(broken, part.Check.Faults...)
	p.write(w, r, view{Template: "part-checked", Data: part})
	return nil
}

// typeOf returns the Go type of the field with a path.
func (p *Pages) typeOf(job, selection, name string) string {
	for _, section := range p.check(job, selection, "").Sections {
		for _, field := range section.Fields {
			if field.Name == name {
				return field.Type
			}
		}
	}
	return ""
}

// startLaunch launches what the form asks for. If it is refused, the page comes back with
// what is wrong.
func (p *Pages) startLaunch(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return notFound("the form could not be read: %v", err)
	}
	page := launchPage{Job: r.PostForm.Get("job"), Selection: trimmed(r, "select"), Tags: trimmed(r, "tags"), YAML: r.PostForm.Get("yaml")}
	request, err := request(page.Job, page.Selection, page.YAML)
	tags, wrong := tagsOf(page.Tags)
	request.Tags = tags
	if err == nil {
		err = wrong
	}
	if err == nil {
		run, refused := p.config.Launcher.Launch(r.Context(), request)
		if refused == nil {
			p.config.Logger.Info("a run was launched on a web page", "run", run.ID(), "from", r.RemoteAddr)
			p.redirect(w, r, "/runs/"+escapedKey(run.ID()))
			return nil
		}
		err = refused
	}
	page.Check = p.check(page.Job, page.Selection, page.YAML)
	if len(page.Check.Faults) == 0 {
		page.Check.Faults = faultList(err)
	}
	for _, job := range p.config.Graph.Jobs() {
		page.Jobs = append(page.Jobs, job.Name)
	}
	p.write(w, r, view{Template: "launch", Title: "Launch", Nav: "/launch", Data: page, Status: http.StatusUnprocessableEntity})
	return nil
}

// tagsOf reads tags as people write them: name=value, with spaces between.
func tagsOf(given string) (map[string]string, error) {
	tags := make(map[string]string)
	for _, tag := range strings.Fields(given) {
		name, value, ok := strings.Cut(tag, "=")
		if !ok || name == "" {
			return nil, notFound("the tag %q must have the form name=value", tag)
		}
		tags[name] = value
	}
	return tags, nil
}

func suggestion(variable container.UnknownVariable) string {
	if variable.Nearest == "" {
		return ""
	}
	return ", did you mean " + variable.Nearest + "?"
}

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
			status = state(p.runStatus(r.Context(), last[0]))
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
			drawn.Detail = status.Text
			if asset.Last != nil {
				if value, ok := asset.Last.Data.(history.AssetMaterialized); ok {
					if count, known := rowsOf(value); known {
						drawn.Detail = counted(int(count), "row")
					}
				}
			}
		}
		nodes = append(nodes, drawn)
	}
	return draw(nodes)
}
