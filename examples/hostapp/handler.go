package main

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/runs"
)

// launchRequest is the body of POST /runs: a job or a selection, and run config
// in the form that container.RunConfig documents.
type launchRequest struct {
	Job       string            `json:"job"`
	Selection string            `json:"selection"`
	Config    json.RawMessage   `json:"config"`
	Tags      map[string]string `json:"tags"`
}

// Handler launches runs and shows them.
func Handler(launcher *runs.Launcher) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /runs", func(w http.ResponseWriter, r *http.Request) {
		var body launchRequest
		decoder := json.NewDecoder(io.LimitReader(r.Body, 1<<20))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&body); err != nil {
			http.Error(w, "reading the request: "+err.Error(), http.StatusBadRequest)
			return
		}
		config, err := container.ParseRunConfig(body.Config)
		if err != nil {
			fail(w, err)
			return
		}
		// The run does not end with the request: the launch does.
		run, err := launcher.Launch(r.Context(), runs.Request{
			Job: body.Job, Selection: body.Selection, Config: config, Tags: body.Tags,
		})
		if err != nil {
			fail(w, err)
			return
		}
		w.Header().Set("Location", "/runs/"+run.ID())
		show(w, r, launcher, run.ID(), http.StatusAccepted)
	})
	mux.HandleFunc("GET /runs/{id}", func(w http.ResponseWriter, r *http.Request) {
		show(w, r, launcher, r.PathValue("id"), http.StatusOK)
	})
	return mux
}

// show writes the record of a run as JSON.
func show(w http.ResponseWriter, r *http.Request, launcher *runs.Launcher, id string, status int) {
	record, err := history.Find(r.Context(), launcher.Store(), id)
	if err != nil {
		fail(w, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(record) // whoever asked has gone, at worst
}

// fail writes an error. The caller sees only errors that the caller can correct.
func fail(w http.ResponseWriter, err error) {
	switch {
	case errors.Is(err, container.ErrInvalid):
		http.Error(w, err.Error(), http.StatusBadRequest)
	case errors.Is(err, history.ErrNotFound):
		http.Error(w, err.Error(), http.StatusNotFound)
	default:
		http.Error(w, "internal error", http.StatusInternalServerError)
	}
}
