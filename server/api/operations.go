package api

import (
	"net/http"

	"github.com/fxrun/fxrun/automation"
	"github.com/fxrun/fxrun/inspect"
)

// operations lists everything that the API can do.
func (a *API) operations() []operation {
	list := []operation{
		{
			id: "openapi", method: http.MethodGet, path: "/openapi.json", summary: "This document", result: anyType, status: http.StatusOK,
			serve: func(w http.ResponseWriter, _ *http.Request) {
				writeJSON(w, "application/json", http.StatusOK, a.document)
			},
		},
		read(a, "health", "/health", "Whether the server answers", a.health),
		read(a, "instance", "/instance", "The program, its pools, and the environment variables that its definitions read", a.instance),
		read(a, "definitions", "/definitions", "All assets, jobs, resources, schedules and sensors", a.definitions),
		read(a, "listAssets", "/assets", "The assets, each with its last materialization", a.assets),
		read(a, "getAsset", "/assets/{key}", "An asset with its last materializations", a.asset),
		read(a, "getValue", "/values/{key}", "The beginning of the stored value of an asset", a.value),
		read(a, "listJobs", "/jobs", "The jobs", a.jobs),
		read(a, "getJob", "/jobs/{name}", "A job", a.job),
		read(a, "listResources", "/resources", "The resources, with their config and the source of each value", a.resources),
		read(a, "getResource", "/resources/{key}", "A resource, and why a job or a selection needs it", a.resource),
		change(a, "checkHealth", "/resources/{key}/health-check", "Start a resource, check its health and stop it", http.StatusOK, a.checkHealth),
		read(a, "listHealthChecks", "/health-checks", "The last result of the health check of each resource, since the server has started", a.healthChecks),
		read(a, "getGraph", "/graph", "Which steps and resources need each other", a.graph),
		change(a, "checkLaunch", "/launch-checks", "Check a launch without launching: what it would do, and all faults", http.StatusOK, a.checkLaunch),
		change(a, "launch", "/runs", "Launch a run", http.StatusCreated, a.launch),
		read(a, "listRuns", "/runs", "The runs, newest first", a.runs),
		read(a, "getRun", "/runs/{id}", "A run, by its ID or the beginning of its ID", a.run),
		read(a, "listEvents", "/runs/{id}/events", "The events of a run, oldest first", a.events),
		read(a, "getLog", "/runs/{id}/log", "The events of a run that fit a filter", a.log),
		read(a, "getTimeline", "/runs/{id}/timeline", "When each step and each resource of a run began and ended", a.timeline),
		a.followOperation(),
		change(a, "cancelRun", "/runs/{id}/cancel", "Ask a run of any process to stop", http.StatusAccepted, a.cancel),
		change(a, "retryRun", "/runs/{id}/retry", "Launch a run that repeats what did not succeed in another one", http.StatusCreated, a.retry),
		read(a, "listQueue", "/queue", "The queued runs, and what each of them waits for", a.queue),
	}
	if a.config.Automations != nil {
		list = append(list, a.automationOperations(automation.KindSchedule, "Schedule")...)
		list = append(list, a.automationOperations(automation.KindSensor, "Sensor")...)
	}
	return list
}

func (a *API) automationOperations(kind automation.Kind, name string) []operation {
	path, one := "/"+string(kind)+"s", "a "+string(kind)
	of := automations{a, kind}
	return []operation{
		read(a, "list"+name+"s", path, "The "+string(kind)+"s with their state", of.list),
		read(a, "get"+name, path+"/{name}", "The state of "+one, of.one),
		read(a, "list"+name+"Ticks", path+"/{name}/ticks", "The last ticks of "+one+", newest first", of.ticks),
		change(a, "switch"+name, path+"/{name}/switch", "Turn "+one+" on or off", http.StatusOK, of.turn),
		change(a, "reset"+name, path+"/{name}/reset", "Set the cursor of "+one+", or let keys make a run again", http.StatusOK, of.reset),
		change(a, "preview"+name, path+"/{name}/preview", "Evaluate a tick of "+one+", and launch nothing", http.StatusOK, of.preview),
	}
}

// scopeQuery names a part of the definitions.
type scopeQuery struct {
	Job    string `query:"job" doc:"the name of a job"`
	Select string `query:"select" doc:"a selection of assets"`
}

func (q scopeQuery) scope() (inspect.Scope, error) {
	if q.Job != "" && q.Select != "" {
		return inspect.Scope{}, invalid("reading the query", "job and select exclude each other: give one of them")
	}
	return inspect.Scope{Job: q.Job, Selection: q.Select}, nil
}
