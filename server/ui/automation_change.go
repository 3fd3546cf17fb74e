package ui

import (
	"net/http"
	"strings"

	"github.com/fxrun/fxrun/automation"
)

// changeAutomation turns a schedule or a sensor on or off, or previews its next tick.
func (p *Pages) changeAutomation(w http.ResponseWriter, r *http.Request) error {
	kind, name := kindAndName(r)
	control, err := p.control()
	if err != nil {
		return err
	}
	switch do := r.FormValue("do"); do {
	case "on", "off":
		if err := control.Switch(r.Context(), kind, name, do == "on", automation.SwitchOptions{}); err != nil {
			return err
		}
		p.audit(r, "switch", string(kind), name, "on", do == "on")
		p.redirect(w, r, "/automation/"+string(kind)+"/"+escapedKey(name))
		return nil
	case "preview":
		return p.previewTick(w, r, control)
	default:
		return notFound("there is no action %q: a form of a page has sent something else than that page offers", do)
	}
}

type tickPreviewPart struct {
	automation.Preview
	Runs     *table
	Problems []string
	Lines    []string
}

// previewTick evaluates a tick and shows the runs that it would ask for. It launches none.
func (p *Pages) previewTick(w http.ResponseWriter, r *http.Request, control *automation.Control) error {
	kind, name := kindAndName(r)
	if _, err := control.Status(r.Context(), kind, name); err != nil {
		return err
	}
	p.audit(r, "preview", string(kind), name)
	preview, err := control.Preview(r.Context(), p.config.Launcher, kind, name, automation.Occasion{})
	part := tickPreviewPart{Preview: preview, Runs: newTable("The tick would ask for no run.", "key", "runs", "config", "tags", "about")}
	if err != nil {
		part.Problems = problemTexts(err)
	}
	for _, request := range preview.Requests {
		queued, about := request.Run.Queued, ""
		config := strings.TrimSpace(yamlOf(queued.Config))
		if config == "{}" {
			config = ""
		}
		if request.Known {
			about = "its key has made a run before, so it would make none"
		}
		part.Runs.add(mono(request.Key), p.targetCell(automation.Description{Job: queued.Job, Selection: queued.Selection}), mono(config),
			text(tagsText(queued.Tags)), text(about))
	}
	part.Lines = tickLines(preview.Log)
	p.write(w, r, p.partOrPage(r, view{
		Template: "part-tick-preview", Title: "A tick of " + name, Nav: "/automation",
		Crumbs: []link{{"Automation", p.url("/automation")}, {name, p.url("/automation/"+string(kind)+"/", name)}}, Data: part,
	}))
	return nil
}
