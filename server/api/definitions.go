package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"time"

	"github.com/fxrun/fxrun/automation"
	"github.com/fxrun/fxrun/inspect"
	"github.com/fxrun/fxrun/internal/fault"
	"github.com/fxrun/fxrun/internal/nearest"
)

var anyType = reflect.TypeFor[json.RawMessage]()

func invalid(doing, format string, args ...any) error {
	return fault.Join(doing, []error{fmt.Errorf(format, args...)})
}

// Definitions are all definitions of the program.
type Definitions struct {
	Assets    []inspect.Asset          `json:"assets"` // without their last materializations
	Jobs      []inspect.Job            `json:"jobs"`
	Resources []inspect.UsedResource   `json:"resources"`
	Schedules []automation.Description `json:"schedules"`
	Sensors   []automation.Description `json:"sensors"`
}

func (a *API) definitions(call[noQuery]) (Definitions, error) {
	all := Definitions{Resources: a.inspect.Resources(), Assets: []inspect.Asset{}, Schedules: []automation.Description{}, Sensors: []automation.Description{}}
	for _, asset := range a.config.Graph.Assets() {
		all.Assets = append(all.Assets, inspect.Asset{Description: asset})
	}
	if a.config.Automations != nil {
		for _, one := range a.config.Automations.Descriptions() {
			if one.Kind == automation.KindSchedule {
				all.Schedules = append(all.Schedules, one)
			} else {
				all.Sensors = append(all.Sensors, one)
			}
		}
	}
	var err error
	all.Jobs, err = a.inspect.Jobs()
	return all, err
}

type assetsQuery struct {
	Select string `query:"select" doc:"a selection of assets; without it, all are listed"`
	Owner  string `query:"owner" doc:"only assets with this owner"`
}

func (a *API) assets(c call[assetsQuery]) ([]inspect.Asset, error) {
	if c.query.Select == "" && len(a.config.Graph.Assets()) == 0 {
		return []inspect.Asset{}, nil
	}
	list, err := a.inspect.Assets(c.query.Select)
	if c.query.Owner != "" {
		list = slices.DeleteFunc(list, func(asset inspect.Asset) bool { return !slices.Contains(asset.Owners, c.query.Owner) })
	}
	if err == nil {
		err = a.inspect.ReadLast(c.Context(), list)
	}
	return list, err
}

const (
	// usualItems is how many items a list has if the query does not say it, and mostItems
	// how many it can have at most.
	usualItems, mostItems = 50, 1000
)

// limitOf returns the limit of a list. Without one in the query it is usual.
func limitOf(given, usual, most int, isGiven bool) (int, error) {
	switch {
	case !isGiven:
		return usual, nil
	case given < 1 || given > most:
		return 0, &statusError{invalid("reading the query", "limit: it must be from 1 to %d, not %d", most, given), http.StatusBadRequest}
	}
	return given, nil
}

type limitQuery struct {
	Limit int `query:"limit" doc:"the largest number of items"`
}

func (a *API) asset(c call[limitQuery]) (inspect.AssetDetail, error) {
	limit, err := limitOf(c.query.Limit, usualItems, mostItems, c.has("limit"))
	if err != nil {
		return inspect.AssetDetail{}, err
	}
	asset, err := a.inspect.Asset(c.PathValue("key"))
	if err != nil {
		return asset, unknown(err)
	}
	return asset, a.inspect.ReadMaterializations(c.Context(), &asset, limit)
}

func (a *API) value(c call[noQuery]) (inspect.ValuePreview, error) {
	key := c.PathValue("key")
	if _, err := a.inspect.Asset(key); err != nil {
		return inspect.ValuePreview{}, unknown(err)
	}
	return a.inspect.PreviewValue(c.Context(), a.config.Launcher, key)
}

func (a *API) jobs(call[noQuery]) ([]inspect.Job, error) { return a.inspect.Jobs() }

func (a *API) job(c call[noQuery]) (inspect.Job, error) {
	jobs, err := a.inspect.Jobs()
	if err != nil {
		return inspect.Job{}, err
	}
	name := c.PathValue("name")
	at := slices.IndexFunc(jobs, func(job inspect.Job) bool { return job.Name == name })
	if at < 0 {
		return inspect.Job{}, unknown(invalid("choosing a job", "there is no job %q%s", name,
			nearest.SuggestionAmong(name, jobs, func(job inspect.Job) string { return job.Name })))
	}
	return jobs[at], nil
}

func (a *API) resources(call[noQuery]) ([]inspect.UsedResource, error) {
	return a.inspect.Resources(), nil
}

func (a *API) resource(c call[scopeQuery]) (inspect.Resource, error) {
	scope, err := c.query.scope()
	if err != nil {
		return inspect.Resource{}, err
	}
	resource, err := a.inspect.Resource(c.PathValue("key"), inspect.Scope{})
	if err != nil {
		return resource, unknown(err)
	}
	return a.inspect.Resource(resource.Key, scope)
}

// healthLimit is how long the start and the health check of a resource may take.
const healthLimit = 15 * time.Second

func (a *API) checkHealth(r *http.Request, body LaunchConfig) (inspect.ResourceHealth, error) {
	key := r.PathValue("key")
	if _, err := a.inspect.Resource(key, inspect.Scope{}); err != nil {
		return inspect.ResourceHealth{}, unknown(err)
	}
	config, err := body.config()
	if err != nil {
		return inspect.ResourceHealth{}, err
	}
	a.audit(r, "check health", "resource", key)
	found, err := a.config.Health.Check(r.Context(), inspect.HealthRequest{Resources: []string{key}, Config: config, Limit: healthLimit})
	if err != nil {
		return inspect.ResourceHealth{}, err
	}
	return found[0], nil
}

func (a *API) healthChecks(call[noQuery]) ([]inspect.CheckedHealth, error) {
	return a.config.Health.Last(), nil
}

func (a *API) graph(c call[scopeQuery]) (inspect.Picture, error) {
	scope, err := c.query.scope()
	if err != nil {
		return inspect.Picture{}, err
	}
	return a.inspect.Picture(scope)
}
