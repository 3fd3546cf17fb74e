package ui

import (
	"errors"
	"mime"
	"net/http"
	"strings"
)

// refusedError is the error of a request that is not as a page would make it.
type refusedError struct {
	status int
	text   string
}

func (e *refusedError) Error() string { return e.text }

// longestQuery is the longest query of an address, in bytes. A page repeats its query in many
// of its links. The address of a launch may be longer, since it may list many assets.
const longestQuery = 8 << 10

// checkQuery refuses an address that no page makes.
func checkQuery(r *http.Request) error {
	if len(r.URL.RawQuery) > longestQuery && !strings.HasSuffix(r.URL.Path, "/launch") {
		return &refusedError{http.StatusRequestURITooLong, sprintf("the query of the address has %d bytes: a page takes %d at most", len(r.URL.RawQuery), longestQuery)}
	}
	return nil
}

// readForm reads the form of a request that changes something. What is no form of a page is
// refused, since its fields would look as if they were empty.
func readForm(r *http.Request) error {
	if r.Body == nil || r.ContentLength == 0 {
		return nil
	}
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/x-www-form-urlencoded" || r.Header.Get("Content-Encoding") != "" {
		return &refusedError{http.StatusUnsupportedMediaType, "a form must be sent as application/x-www-form-urlencoded, and not compressed"}
	}
	err = r.ParseForm()
	if large, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return &refusedError{http.StatusRequestEntityTooLarge, sprintf("the form has more than %d bytes", large.Limit)}
	}
	if err != nil {
		return &refusedError{http.StatusBadRequest, "the form could not be read: " + err.Error()}
	}
	return nil
}
