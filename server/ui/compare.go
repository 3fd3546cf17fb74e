package ui

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/fxrun/fxrun/history"
)

type comparePage struct {
	One, Two history.Record
	Steps    *table
	Config   *table
}

type comparedField struct{ one, two string }

// compare shows two runs beside each other. Without another run it takes the run of the
// same job before.
func (p *Pages) compare(r *http.Request) (view, error) {
	one, err := p.inspect.FindRun(r.Context(), r.PathValue("id"))
	if err != nil {
		return view{}, err
	}
	with := trimmed(r, "with")
	if with == "" {
		before, err := p.inspect.Runs(r.Context(), history.RunQuery{Job: one.Job, Before: one.ID, Limit: 1})
		if err != nil {
			return view{}, err
		}
		if len(before) == 0 {
			return view{}, notFound("there is no earlier run to compare with")
		}
		with = before[0].ID
	}
	two, err := p.inspect.FindRun(r.Context(), with)
	if err != nil {
		return view{}, err
	}
	page := comparePage{One: one, Two: two, Steps: newTable("", "step", "this run", ">took", "other run", ">other took", ">difference")}
	for _, step := range one.Steps {
		other, ok := two.Step(step.Key)
		if !ok {
			page.Steps.add(text(step.Key), state(string(step.Status)), right(durationText(step.Duration), int64(step.Duration)), text("not in it"), right("", int64(0)), right("", int64(0)))
			continue
		}
		page.Steps.add(text(step.Key), state(string(step.Status)), right(durationText(step.Duration), int64(step.Duration)),
			state(string(other.Status)), right(durationText(other.Duration), int64(other.Duration)), right(differenceText(step.Duration-other.Duration), int64(step.Duration-other.Duration)))
	}
	for _, step := range two.Steps { // those that only the other run has
		if _, ok := one.Step(step.Key); !ok {
			page.Steps.add(text(step.Key), text("not in it"), right("", int64(0)), state(string(step.Status)), right(durationText(step.Duration), int64(step.Duration)), right("", int64(0)))
		}
	}
	page.Steps.sort(r)
	page.Config = comparedConfig(one.Config, two.Config).sort(r)
	return view{Template: "compare", Title: "Runs beside each other", Nav: "/runs", Crumbs: []link{{"Runs", p.url("/runs")}, {shortID(one.ID), p.url("/runs/", one.ID)}}, Data: page}, nil
}

func differenceText(d time.Duration) string {
	if d < 0 {
		return "−" + durationText(-d)
	}
	return "+" + durationText(d)
}

// comparedConfig lists what the launches of two runs gave.
func comparedConfig(one, two json.RawMessage) *table {
	fields := make(map[string]comparedField)
	for _, row := range givenConfig(one) {
		fields[row.Path] = comparedField{one: row.Value}
	}
	for _, row := range givenConfig(two) {
		fields[row.Path] = comparedField{fields[row.Path].one, row.Value}
	}
	t := newTable("Neither launch gave a config.", "field", "in this run", "in the other run")
	for _, path := range sortedKeys(fields) {
		field := fields[path]
		row := t.add(mono(path), mono(field.one), mono(field.two))
		if field.one != field.two {
			row.Class = "differs"
		}
	}
	return t
}
