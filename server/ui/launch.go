package ui

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

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
	Presets              *table // earlier launches, from which the page can be filled in
	From                 *link  // the run whose launch is filled in
	TagFault             string
}

// shownPresets is how many earlier launches are offered.
const shownPresets = 10

func (p *Pages) launch(r *http.Request) (view, error) {
	page := launchPage{Job: r.FormValue("job"), Selection: trimmed(r, "select"), Tags: trimmed(r, "tags")}
	if picked := r.URL.Query()["asset"]; len(picked) > 0 {
		page.Job, page.Selection = "", strings.Join(picked, " or ")
	}
	from := r.FormValue("from")
	if from != "" {
		record, err := p.inspect.FindRun(r.Context(), from)
		if err != nil {
			return view{}, err
		}
		page.Job, page.Selection, page.Tags, page.YAML = record.Job, record.Selection, tagsText(record.Tags), yamlOf(record.Config)
		if page.Job != "" {
			page.Selection = ""
		}
		page.From = &link{"run " + shortID(record.ID), p.url("/runs/", record.ID)}
	}
	if jobs := p.config.Graph.Jobs(); page.Job == "" && page.Selection == "" && len(jobs) == 1 {
		page.Job = jobs[0].Name
	}
	page.Check = p.check(page.request(), page.YAML).launchCheck
	return p.launchView(r, page)
}

// launchView completes the page with what can be chosen.
func (p *Pages) launchView(r *http.Request, page launchPage) (view, error) {
	for _, job := range p.config.Graph.Jobs() {
		page.Jobs = append(page.Jobs, job.Name)
	}
	query := history.RunQuery{Job: page.Job, Limit: shownPresets, OmitSteps: true}
	earlier, err := p.inspect.Runs(r.Context(), query)
	if err != nil {
		return view{}, err
	}
	page.Presets = p.presets(earlier, r.FormValue("from")).sort(r)
	return view{Template: "launch", Title: "Launch", Nav: "/launch", Data: page, Nonce: newNonce()}, nil
}

// presets lists earlier launches. chosen is the ID of the one that the page is filled in from.
func (p *Pages) presets(earlier []history.Record, chosen string) *table {
	t := newTable("", "launch", "state", "started", "config", "tags")
	for _, record := range earlier {
		row := t.add(mono(shortID(record.ID)+" "+shownWhat(record)), state(string(record.Status)), at(startOf(record)), mono(firstFields(record.Config, 3)), text(tagsText(record.Tags)))
		row.Cells[0].Path = p.url("/launch", "from", record.ID)
		if record.ID == chosen {
			row.Class = "this"
		}
	}
	return t
}

// firstFields returns the first fields of the config that a launch gave, in one line.
func firstFields(config json.RawMessage, most int) string {
	var fields []string
	for i, row := range givenConfig(config) {
		if i == most {
			fields = append(fields, "…")
			break
		}
		fields = append(fields, row.Path+"="+row.Value)
	}
	return strings.Join(fields, ", ")
}

// request returns the request that the page makes, without its config.
func (l launchPage) request() runs.Request {
	if l.Job != "" {
		return runs.Request{Job: l.Job}
	}
	return runs.Request{Selection: l.Selection}
}

// checkedPart is the answer to a change in the form or in the text.
type checkedPart struct {
	Check   launchCheck
	YAML    string
	Written bool // whether the form has changed the text
}

// checkLaunch answers a change on the launch page.
func (p *Pages) checkLaunch(w http.ResponseWriter, r *http.Request) error {
	page := launchForm(r)
	part := checkedPart{YAML: page.YAML}
	var broken []inspect.Fault
	if name := r.PostForm.Get("changed"); name != "" {
		changed, err := setField(page.YAML, name, r.PostForm.Get(name), r.PostForm.Get("type"))
		if err != nil {
			broken = faultList(err)
		} else {
			part.YAML, part.Written = changed, true
		}
	}
	part.Check = p.check(page.request(), part.YAML).launchCheck
	part.Check.Faults = append(broken, part.Check.Faults...)
	p.write(w, r, view{Template: "part-checked", Data: part})
	return nil
}

func launchForm(r *http.Request) launchPage {
	return launchPage{Job: r.PostForm.Get("job"), Selection: trimmed(r, "select"), Tags: trimmed(r, "tags"), YAML: r.PostForm.Get("yaml")}
}

// startLaunch launches what was checked. If it is refused, the page comes back with what
// is wrong.
func (p *Pages) startLaunch(w http.ResponseWriter, r *http.Request) error {
	page := launchForm(r)
	request := page.request()
	tags, wrong := tagsOf(page.Tags)
	request.Tags = tags
	if wrong != nil {
		page.TagFault = wrong.Error()
	}
	checked := p.check(request, page.YAML)
	typed, err := typedFields(r.PostForm, page.YAML, checked.Sections)
	if err == nil && typed != page.YAML { // a browser without scripts sends the fields of the form
		page.YAML = typed
		checked = p.check(request, page.YAML)
	}
	page.Check = checked.launchCheck
	page.Check.Faults = append(faultList(err), page.Check.Faults...)
	if len(page.Check.Faults) == 0 && page.TagFault == "" && checked.prepared != nil {
		run, err := checked.prepared.Start(r.Context())
		if err != nil {
			return fmt.Errorf("launching: %w", err)
		}
		p.audit(r, "launch", "run", run.ID())
		p.redirect(w, r, "/runs/"+escapedKey(run.ID()))
		return nil
	}
	made, err := p.launchView(r, page)
	if err != nil {
		return err
	}
	made.Status = http.StatusUnprocessableEntity
	p.write(w, r, made)
	return nil
}

// typedFields sets the fields of a form that was sent without scripts in the YAML.
func typedFields(form url.Values, text string, sections []formSection) (string, error) {
	for _, section := range sections {
		for _, field := range section.Fields {
			typed, ok := form[field.Name]
			if !ok || typed[0] == field.Given || field.Secret && typed[0] == "" {
				continue
			}
			changed, err := setField(text, field.Name, typed[0], field.Type)
			if err != nil {
				return text, err
			}
			text = changed
		}
	}
	return text, nil
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
