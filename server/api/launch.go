package api

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/inspect"
	"github.com/fxrun/fxrun/internal/fault"
	"github.com/fxrun/fxrun/runs"
)

// longestID is the largest size of an ID that a caller may give a run, in bytes.
const longestID = 200

// LaunchRequest asks for a run of a job or of a selection of assets.
type LaunchRequest struct {
	Job    string `json:"job,omitempty" jsonschema:"the name of a job"`
	Select string `json:"select,omitempty" jsonschema:"a selection of assets, as in +revenue"`
	LaunchConfig
	LaunchPolicy
}

// RetryRequest asks for a run that repeats another one.
type RetryRequest struct {
	All    bool   `json:"all,omitempty" jsonschema:"repeat all steps, also those that have succeeded"`
	Select string `json:"select,omitempty" jsonschema:"repeat the assets of the run that this selects"`
	LaunchConfig
	LaunchPolicy
}

// Launched is a run that was launched.
type Launched struct {
	Run inspect.RunDetail `json:"run"`
	// Launch is what the run does, with what a person should know about it.
	Launch inspect.Launch `json:"launch"`
}

// request returns the request of the launcher. The error has everything that can be found
// without it.
func (b LaunchRequest) request() (runs.Request, error) {
	config, err := b.config()
	request := runs.Request{Job: b.Job, Selection: b.Select, Config: config}
	faults := append(fault.Of(err), b.apply(&request)...)
	switch {
	case b.Job != "" && b.Select != "":
		faults = append(faults, errors.New("job and select exclude each other: give one of them"))
	case strings.TrimSpace(b.Job) == "" && strings.TrimSpace(b.Select) == "":
		faults = append(faults, errors.New("give the job or the assets to run, as job or as select"))
	}
	return request, fault.Join(doingOf(err), faults)
}

// doingOf returns what was being done: the reading of the run config, if that is wrong.
func doingOf(err error) string {
	if faults, ok := errors.AsType[*container.Faults](err); ok {
		return faults.Doing
	}
	return "reading the launch"
}

func (a *API) checkLaunch(_ *http.Request, body LaunchRequest) (inspect.Launch, error) {
	request, err := body.request()
	if err != nil {
		return inspect.Launch{}, err
	}
	_, launch, err := a.prepare(request)
	if launch == nil {
		return inspect.Launch{}, err
	}
	return *launch, nil // with the faults
}

// prepare checks a request. The launch is nil if nothing that the request names exists.
func (a *API) prepare(request runs.Request) (*runs.Prepared, *inspect.Launch, error) {
	prepared, err := a.config.Launcher.Prepare(request)
	preview := prepared.Preview()
	warnings := a.inspect.LaunchWarnings(os.Environ(), request, preview)
	if err != nil {
		err = &warnedError{err, warnings}
	}
	if preview.Plan == nil {
		return prepared, nil, err
	}
	launch := inspect.NewLaunch(request, preview, err)
	launch.Warnings = warnings
	return prepared, &launch, err
}

func (a *API) launch(r *http.Request, body LaunchRequest) (Launched, error) {
	request, err := body.request()
	if err != nil {
		return Launched{}, err
	}
	return a.start(r, request, body.Queue, "launch")
}

// start launches a run, or queues it, and writes it into the audit.
func (a *API) start(r *http.Request, request runs.Request, queue bool, action string) (Launched, error) {
	prepared, launch, err := a.prepare(request)
	if err != nil {
		return Launched{}, err
	}
	var id string
	if queue {
		id, err = prepared.Queue(r.Context())
	} else {
		var run *runs.Run
		if run, err = prepared.Start(r.Context()); err == nil {
			id = run.ID()
		}
	}
	if err != nil {
		return Launched{}, err
	}
	attrs := []any{"run", id, "job", launch.Job, "selection", launch.Selection}
	if request.Retry != nil {
		attrs = append(attrs, "of", request.Retry.Of)
	}
	a.audit(r, action, attrs...)
	record, err := history.Find(r.Context(), a.config.Launcher.Store(), id)
	if err != nil {
		return Launched{}, fmt.Errorf("run %s was launched, but cannot be read: %w", id, err)
	}
	return Launched{inspect.DescribeRun(r.Context(), a.config.Launcher, record), *launch}, nil
}

func (a *API) retry(r *http.Request, body RetryRequest) (Launched, error) {
	record, err := a.wholeID(r)
	if err != nil {
		return Launched{}, err
	}
	config, err := body.config()
	if err != nil {
		return Launched{}, err
	}
	request, err := a.config.Launcher.RetryRequest(r.Context(), record.ID, runs.RetryOptions{All: body.All, Selection: body.Select})
	if err != nil {
		return Launched{}, err
	}
	request.Config = request.Config.Merge(config)
	if err := fault.Join("reading the launch", body.apply(&request)); err != nil {
		return Launched{}, err
	}
	return a.start(r, request, body.Queue, "retry")
}
