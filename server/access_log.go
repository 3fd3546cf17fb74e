package server

import (
	"cmp"
	"net/http"
	"runtime/debug"
	"strings"
	"time"
)

// logged counts the requests, and writes a line for each request that changes something, or
// that fails, or for all of them. A line has no query, which may have anything in it.
func logged(config Config, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began, answer := time.Now(), &answer{ResponseWriter: w}
		answerOrFail(config, next, answer, r)
		status, took := answer.status, time.Since(began)
		if status == 0 {
			status = http.StatusOK
		}
		stream := strings.HasPrefix(w.Header().Get("Content-Type"), "text/event-stream")
		config.Metrics.answered(routeOf(config, r), status, took, stream)
		if isReading(r) && status < http.StatusInternalServerError && (!config.LogRequests || isQuiet(config, r)) {
			return
		}
		config.Logger.Info("request", "method", r.Method, "path", r.URL.Path, "status", status, "bytes", answer.bytes, "from", r.RemoteAddr,
			"agent", r.UserAgent(), "took", took)
	})
}

// routeOf returns the pattern of the path of a request, of which there are few. It is "none"
// for a request that was refused before anybody looked at its path.
func routeOf(config Config, r *http.Request) string {
	_, pattern, ok := strings.Cut(r.Pattern, " ")
	if !ok {
		pattern = r.Pattern
	}
	return cmp.Or(strings.TrimPrefix(pattern, config.Prefix), "none")
}

// isQuiet reports whether a request is one of many that nobody wants to read of.
func isQuiet(config Config, r *http.Request) bool {
	path := strings.TrimPrefix(r.URL.Path, config.Prefix)
	return strings.HasPrefix(path, "/static/") || path == "/metrics"
}

// answerOrFail answers a request. A panic is logged with its stack, and answered by an error.
func answerOrFail(config Config, next http.Handler, w *answer, r *http.Request) {
	defer func() {
		recovered := recover()
		if recovered == nil {
			return
		}
		if recovered == http.ErrAbortHandler { //nolint:errorlint // net/http compares it too
			panic(recovered)
		}
		config.Logger.Error("answering a request has panicked", "path", r.URL.Path, "panic", recovered, "stack", string(debug.Stack()))
		if w.status == 0 {
			refuse(config, w, r, http.StatusInternalServerError, "the server could not answer: see its log")
		}
	}()
	next.ServeHTTP(w, r)
}

// answer notes the status of an answer.
type answer struct {
	http.ResponseWriter

	status int
	bytes  int64
}

// WriteHeader notes the status.
func (a *answer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
	a.ResponseWriter.WriteHeader(status)
}

// Write notes that the answer has begun.
func (a *answer) Write(part []byte) (int, error) {
	if a.status == 0 {
		a.status = http.StatusOK
	}
	n, err := a.ResponseWriter.Write(part)
	a.bytes += int64(n)
	return n, err
}

// Unwrap lets an http.ResponseController reach the writer below, which streams need.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }
