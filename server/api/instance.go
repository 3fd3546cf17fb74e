package api

import (
	"runtime"
	"runtime/debug"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/inspect"
)

// Health says that the server answers.
type Health struct {
	Status string `json:"status"` // "ok"
}

func (a *API) health(call[noQuery]) (Health, error) { return Health{"ok"}, nil }

// Instance is what is known of the program that serves. It has no value of a variable.
type Instance struct {
	Program  string `json:"program,omitempty"`
	Version  string `json:"version,omitempty"`
	Go       string `json:"go"`
	ReadOnly bool   `json:"read_only,omitempty"`
	About    []Fact `json:"about"`
	// HistoryBytes is how much the history takes in its database. It is 0 if that is not
	// known.
	HistoryBytes int64              `json:"history_bytes,omitempty"`
	Pools        []inspect.Pool     `json:"pools"`
	Variables    []inspect.Variable `json:"variables"`
}

func (a *API) instance(c call[noQuery]) (Instance, error) {
	about := Instance{Go: runtime.Version(), ReadOnly: a.config.ReadOnly, About: append([]Fact{}, a.config.About...), Variables: a.inspect.Variables(a.configs())}
	if build, ok := debug.ReadBuildInfo(); ok {
		about.Program, about.Version = build.Path, build.Main.Version
	}
	var err error
	if about.HistoryBytes, err = a.inspect.StoreSize(c.Context()); err != nil {
		return Instance{}, err
	}
	about.Pools, err = a.inspect.Pools(c.Context(), a.config.Launcher)
	return about, err
}

func (a *API) queue(c call[limitQuery]) ([]inspect.RunDetail, error) {
	limit, err := limitOf(c.query.Limit, usualItems, mostItems, c.has("limit"))
	if err != nil {
		return nil, err
	}
	return a.details(c.Context(), history.RunQuery{Statuses: []history.Status{history.StatusQueued}, Limit: limit, OmitSteps: true})
}
