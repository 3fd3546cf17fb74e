package ui

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/runs"
)

// changeRuns cancels or repeats the runs that were selected in the list.
func (p *Pages) changeRuns(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return notFound("the form could not be read: %v", err)
	}
	var faults []error
	for _, id := range r.PostForm["run"] {
		var err error
		switch r.PostForm.Get("do") {
		case "cancel":
			err = p.cancel(r, id)
		case "retry":
			_, err = p.retry(r, id, runs.RetryOptions{})
		}
		if err != nil {
			faults = append(faults, fmt.Errorf("run %s: %w", id, err))
		}
	}
	if err := errors.Join(faults...); err != nil {
		return err
	}
	p.redirect(w, r, "/runs")
	return nil
}

// cancel asks a run of any process to stop.
func (p *Pages) cancel(r *http.Request, id string) error {
	if err := p.requestCancel(r.Context(), id); err != nil {
		return err
	}
	p.audit(r, "cancel", "run", id)
	return nil
}

func (p *Pages) requestCancel(ctx context.Context, id string) error {
	const reason = "asked for on a web page"
	if run, ok := p.config.Launcher.Active(id); ok { // which stops sooner than by a record
		run.Cancel(reason)
		return nil
	}
	record, err := p.inspect.FindRun(ctx, id)
	if err != nil {
		return err
	}
	return p.config.Launcher.RequestCancel(ctx, record, history.RunCancelRequested{Reason: reason})
}

// retry launches a run that repeats another one, and returns its ID.
func (p *Pages) retry(r *http.Request, id string, options runs.RetryOptions) (string, error) {
	request, err := p.config.Launcher.RetryRequest(r.Context(), id, options)
	if err != nil {
		return "", err
	}
	run, err := p.config.Launcher.Launch(r.Context(), request)
	if err != nil {
		return "", err
	}
	p.audit(r, "retry", "run", run.ID(), "of", id)
	return run.ID(), nil
}

func (p *Pages) cancelRun(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("id")
	if err := p.cancel(r, id); err != nil {
		return err
	}
	p.redirect(w, r, "/runs/"+escapedKey(id))
	return nil
}

func (p *Pages) retryRun(w http.ResponseWriter, r *http.Request) error {
	id, err := p.retry(r, r.PathValue("id"), runs.RetryOptions{All: r.FormValue("all") != ""})
	if err != nil {
		return err
	}
	p.redirect(w, r, "/runs/"+escapedKey(id))
	return nil
}
