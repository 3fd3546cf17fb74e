package api

import (
	"net/http"
	"reflect"
)

// operation is one thing that the API can do.
type operation struct {
	id, method, path, summary string
	query, body, result       reflect.Type // nil if there is none
	status                    int          // of a successful answer
	stream                    bool         // whether the answer is a stream of events with the result
	serve                     http.HandlerFunc
}

// call is a request for an operation: what it names in its path, and its query.
type call[Q any] struct {
	*http.Request

	query Q
}

// noQuery is the query of an operation without parameters.
type noQuery struct{}

// read makes an operation that changes nothing. Its path may have the parameters {key},
// {name} and {id}.
func read[Q, R any](a *API, id, path, summary string, do func(call[Q]) (R, error)) operation {
	return operation{
		id: id, method: http.MethodGet, path: path, summary: summary, query: reflect.TypeFor[Q](), result: reflect.TypeFor[R](), status: http.StatusOK,
		serve: func(w http.ResponseWriter, r *http.Request) {
			c := call[Q]{Request: r}
			if err := decodeQuery(r.URL.RawQuery, &c.query); err != nil {
				a.refuse(w, r, err)
				return
			}
			result, err := do(c)
			if err != nil {
				a.refuse(w, r, err)
				return
			}
			a.answer(w, r, http.StatusOK, result)
		},
	}
}

// change makes an operation that takes a body in JSON.
func change[B, R any](a *API, id, path, summary string, status int, do func(*http.Request, B) (R, error)) operation {
	return operation{
		id: id, method: http.MethodPost, path: path, summary: summary, body: reflect.TypeFor[B](), result: reflect.TypeFor[R](), status: status,
		serve: func(w http.ResponseWriter, r *http.Request) {
			var body B
			err := decodeQuery(r.URL.RawQuery, new(noQuery))
			if err == nil {
				err = decodeBody(r, &body)
			}
			if err != nil {
				a.refuse(w, r, err)
				return
			}
			result, err := do(r, body)
			if err != nil {
				a.refuse(w, r, err)
				return
			}
			a.answer(w, r, status, result)
		},
	}
}

func (c call[Q]) has(parameter string) bool { return c.URL.Query().Has(parameter) }
