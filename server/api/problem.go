package api

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/inspect"
	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/runs"
)

// ProblemType is the content type of a [Problem], by RFC 9457.
const ProblemType = "application/problem+json"

// Problem is the answer to a request that was refused or has failed.
type Problem struct {
	// Title is the text of the status.
	Title string `json:"title"`
	// Status is the HTTP status.
	Status int `json:"status"`
	// Detail says what is wrong, with all faults.
	Detail string `json:"detail"`
	// Doing is what was being done, as in "reading the run config". It is "" if there are
	// no faults.
	Doing string `json:"doing,omitempty"`
	// Faults are the things that are wrong with what the caller gave. The list is empty for
	// other errors.
	Faults []inspect.Fault `json:"faults"`
	// Warnings are what else a person should know about a launch that was refused.
	Warnings []string `json:"warnings,omitempty"`
}

// WriteProblem answers a request by a problem. It sets the title.
func WriteProblem(w http.ResponseWriter, problem Problem) {
	problem.Title = cmp.Or(http.StatusText(problem.Status), "Error")
	if problem.Faults == nil {
		problem.Faults = []inspect.Fault{}
	}
	text, err := json.Marshal(problem)
	if err != nil { // a Problem has only texts and numbers
		http.Error(w, problem.Detail, problem.Status)
		return
	}
	writeJSON(w, ProblemType, problem.Status, append(text, '\n'))
}

// refuse answers a request by an error. What a caller can not correct is logged too.
func (a *API) refuse(w http.ResponseWriter, r *http.Request, err error) {
	problem := problemOf(err)
	if problem.Status == http.StatusInternalServerError {
		a.config.Logger.Error("answering a request", "path", r.URL.Path, "error", err)
	}
	WriteProblem(w, problem)
}

func problemOf(err error) Problem {
	problem := Problem{Status: statusOf(err), Detail: err.Error(), Faults: inspect.Faults(err)}
	var faults *container.Faults
	if errors.As(err, &faults) {
		problem.Doing = faults.Doing
	}
	if warned, ok := errors.AsType[*warnedError](err); ok {
		problem.Warnings = warned.warnings
	}
	return problem
}

func statusOf(err error) int {
	var given *statusError
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &given):
		return given.status
	case errors.As(err, &large):
		return http.StatusRequestEntityTooLarge
	case errors.Is(err, history.ErrNotFound), errors.Is(err, iomanagers.ErrNotFound):
		return http.StatusNotFound
	case errors.Is(err, history.ErrTransition), errors.Is(err, history.ErrConflict):
		return http.StatusConflict
	case errors.Is(err, container.ErrInvalid):
		return http.StatusUnprocessableEntity
	case errors.Is(err, runs.ErrClosed), errors.Is(err, context.Canceled):
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

// statusError is an error with the status by which it is answered.
type statusError struct {
	error

	status int
}

func (s *statusError) Unwrap() error { return s.error }

func refused(status int, format string, args ...any) error {
	return &statusError{fmt.Errorf(format, args...), status}
}

// unknown gives an error about a name in the path the status 404. It returns nil for nil.
func unknown(err error) error {
	if errors.Is(err, container.ErrInvalid) {
		return &statusError{err, http.StatusNotFound}
	}
	return err
}

// warnedError is the error of a launch that has warnings too.
type warnedError struct {
	error

	warnings []string
}

func (w *warnedError) Unwrap() error { return w.error }
