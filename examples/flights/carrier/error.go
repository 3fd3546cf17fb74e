package carrier

import (
	"errors"
	"fmt"
	"net/http"
)

// ErrNotStarted is the error of a [Client] that has no token: it was not
// started, or is stopped.
var ErrNotStarted = errors.New("the client is not started")

// StatusError is an answer of the API that refuses a request.
type StatusError struct {
	// Status is the HTTP status, such as 401.
	Status int

	// Message is what the API says about it; may be empty.
	Message string
}

func (e *StatusError) Error() string {
	text := fmt.Sprintf("the API answered %d %s", e.Status, http.StatusText(e.Status))
	if e.Message != "" {
		text += ": " + e.Message
	}
	return text
}
