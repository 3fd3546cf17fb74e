package ui

import (
	"net/http"
	"time"

	"github.com/fxrun/fxrun/history"
)

// design shows the components that all pages are made of.
func (p *Pages) design(r *http.Request) (view, error) {
	t := newTable("Nothing here. This is what a table without rows says.", "name", "state", "when", ">rows")
	now := time.Now()
	t.add(linked("raw/orders", "#"), state("succeeded"), at(now), right("1 234", int64(1234)))
	t.add(linked("revenue", "#"), state("failed"), at(now.Add(-time.Hour)), right("12", int64(12)))
	return view{Template: "design", Title: "Design", Data: map[string]any{
		"Table": t.sort(r), "Empty": newTable("Nothing here. This is what a table without rows says.", "name", "state"),
		"Badges": []badge{{"ok", "succeeded"}, {"bad", "failed"}, {"run", "running"}, {"warn", "cancelled"}, {"", "queued"}},
		"Tokens": tokens(),
		"Fault":  []runFault{newFault("orders failed, 2 times", history.Failure{Message: "running step orders: reading orders: no column \"amont\", did you mean \"amount\"?"})},
	}}, nil
}

// token is a colour of the design, with what it is for. Its class paints it.
type token struct{ Name, For string }

func tokens() []token {
	return []token{
		{"bg", "the page"},
		{"surface", "cards"},
		{"sunken", "rows under the pointer"},
		{"line", "lines between parts"},
		{"line-strong", "edges of controls"},
		{"text", "text"},
		{"text-2", "text that explains"},
		{"text-3", "names of facts"},
		{"accent", "the main action, links"},
		{"accent-soft", "what is chosen"},
		{"ok-fill", "bars that succeeded"},
		{"ok-soft", "badges that succeeded"},
		{"bad-fill", "bars that failed"},
		{"bad-soft", "faults"},
		{"warn-fill", "cancelled, late"},
		{"warn-soft", "warnings"},
		{"run-fill", "running"},
		{"run-soft", "running badges"},
		{"res-fill", "resources"},
		{"res-soft", "resources in graphs"},
	}
}
