package ui

import (
	"net/http"

	"github.com/fxrun/fxrun/automation"
	"github.com/fxrun/fxrun/internal/timerange"
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
	case "cursor":
		cursor := r.PostForm.Get("cursor")
		if err := control.Reset(r.Context(), kind, name, automation.Reset{Cursor: &cursor}); err != nil {
			return err
		}
		p.audit(r, "reset", string(kind), name)
		p.redirect(w, r, "/automation/"+string(kind)+"/"+escapedKey(name))
		return nil
	case "preview":
		return p.previewTick(w, r, control)
	default:
		return notFound("there is no action %q: a form of a page has sent something else than that page offers", do)
	}
}

// occasionOf reads for what a tick is previewed: a time in the zone of the reader, or a cursor.
// What is empty is as the next tick would find it.
func occasionOf(r *http.Request) (automation.Occasion, error) {
	occasion := automation.Occasion{Cursor: r.PostForm.Get("cursor")}
	at := trimmed(r, "at")
	if at == "" {
		return occasion, nil
	}
	zone, err := zoneOf(trimmed(r, "zone"))
	if err != nil {
		return occasion, err
	}
	asked, err := timerange.Parse(at, "", zone)
	occasion.Scheduled = asked.From
	return occasion, err
}

// previewedFields is how many fields of its config a run of a preview shows.
const previewedFields = 20

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
	occasion, err := occasionOf(r)
	var preview automation.Preview
	if err == nil {
		preview, err = control.Preview(r.Context(), p.config.Launcher, kind, name, occasion)
	}
	part := tickPreviewPart{Preview: preview, Runs: newTable("The tick would ask for no run.", "key", "runs", "config", "tags", "about")}
	if err != nil {
		part.Problems = problemTexts(err)
	}
	for _, request := range preview.Requests {
		queued, about := request.Run.Queued, ""
		if request.Known {
			about = "its key has made a run before, so it would make none"
		}
		part.Runs.add(mono(request.Key), p.targetCell(automation.Description{Job: queued.Job, Selection: queued.Selection}), mono(firstFields(queued.Config, previewedFields)),
			text(tagsText(queued.Tags)), text(about))
	}
	part.Lines = tickLines(preview.Log)
	p.write(w, r, p.partOrPage(r, view{
		Template: "part-tick-preview", Title: "A tick of " + name, Nav: "/automation",
		Crumbs: []link{{"Automation", p.url("/automation")}, {name, p.url("/automation/"+string(kind)+"/", name)}}, Data: part,
	}))
	return nil
}
