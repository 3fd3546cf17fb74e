package client

import (
	"net/http"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/inspect"
	"github.com/fxrun/fxrun/server/api"
)

// Error is the error of a request that the server has refused, or could not answer. It
// matches what the same error matches in a program of its own: container.ErrInvalid for
// what the caller can correct, with the faults that inspect.Faults returns;
// history.ErrNotFound, and history.ErrTransition for a run that exists already.
type Error struct{ Problem api.Problem }

// Error returns the faults, or the text of the server.
func (e *Error) Error() string {
	if told := inspect.FaultsError(e.Problem.Doing, e.Problem.Faults); told != nil {
		return told.Error()
	}
	return e.Problem.Detail
}

// Unwrap returns the faults as an error, or what the status says.
func (e *Error) Unwrap() error {
	if told := inspect.FaultsError(e.Problem.Doing, e.Problem.Faults); told != nil {
		return told
	}
	switch status := e.Problem.Status; {
	case status == http.StatusNotFound:
		return history.ErrNotFound
	case status == http.StatusConflict:
		return history.ErrTransition
	case status == http.StatusTooManyRequests, status >= http.StatusInternalServerError:
		return nil
	}
	return container.ErrInvalid
}
