package api

import (
	"os"
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
	Program   string     `json:"program,omitempty"`
	Version   string     `json:"version,omitempty"`
	Go        string     `json:"go"`
	ReadOnly  bool       `json:"read_only,omitempty"`
	About     []Fact     `json:"about"`
	Pools     []Pool     `json:"pools"`
	Variables []Variable `json:"variables"`
}

// Pool is a pool, with the keys of the assets whose steps need a place in it.
type Pool struct {
	Name   string   `json:"name"`
	Assets []string `json:"assets"`
}

// Variable is an environment variable that a field of a resource reads.
type Variable struct {
	Name     string `json:"name"`
	Set      bool   `json:"set"`
	Resource string `json:"resource"`
	Field    string `json:"field"`
	Required bool   `json:"required,omitempty"`
}

func (a *API) instance(call[noQuery]) (Instance, error) {
	about := Instance{Go: runtime.Version(), ReadOnly: a.config.ReadOnly, About: append([]Fact{}, a.config.About...), Pools: []Pool{}, Variables: []Variable{}}
	if build, ok := debug.ReadBuildInfo(); ok {
		about.Program, about.Version = build.Path, build.Main.Version
	}
	members := make(map[string][]string)
	for _, asset := range a.config.Graph.Assets() {
		for _, pool := range asset.Pools {
			members[pool] = append(members[pool], asset.Key)
		}
	}
	for _, pool := range a.config.Graph.Pools() {
		about.Pools = append(about.Pools, Pool{pool, append([]string{}, members[pool]...)})
	}
	for _, resource := range a.inspect.Resources() {
		for _, field := range resource.Config {
			if field.Variable != "" {
				_, set := os.LookupEnv(field.Variable)
				about.Variables = append(about.Variables, Variable{field.Variable, set, resource.Key, field.Path, field.Required})
			}
		}
	}
	return about, nil
}

func (a *API) queue(c call[limitQuery]) ([]inspect.RunDetail, error) {
	limit, err := limitOf(c.query.Limit, usualItems, mostItems, c.has("limit"))
	if err != nil {
		return nil, err
	}
	return a.details(c.Context(), history.RunQuery{Statuses: []history.Status{history.StatusQueued}, Limit: limit, OmitSteps: true})
}
