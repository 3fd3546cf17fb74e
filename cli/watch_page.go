package cli

import (
	"context"
	"html"
	"net"
	"net/http"
	"os"
	"time"
)

// explain answers every request with the problem, while no process serves. It returns after
// a change.
func (w *watcher) explain(ctx context.Context, changes *changes) {
	listener, err := net.FileListener(w.socket)
	if err != nil {
		w.tell("the page about the problem cannot be served: " + err.Error())
		select {
		case <-ctx.Done():
		case <-changes.quiet:
		}
		return
	}
	server := &http.Server{Handler: http.HandlerFunc(w.problemPage), ReadHeaderTimeout: 10 * time.Second}
	w.under.Go(func() { _ = server.Serve(listener) }) // until it is closed
	defer func() { _ = server.Close() }()
	select {
	case <-ctx.Done():
	case <-changes.quiet:
	}
}

// problemPage is a page that looks again each second.
func (w *watcher) problemPage(answer http.ResponseWriter, _ *http.Request) {
	text, err := os.ReadFile(w.problemFile())
	if err != nil {
		text = []byte(err.Error())
	}
	header := answer.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Cache-Control", "no-store")
	header.Set("Content-Security-Policy", "default-src 'none'")
	header.Set("X-Content-Type-Options", "nosniff")
	answer.WriteHeader(http.StatusServiceUnavailable)
	_, _ = answer.Write([]byte(`<!doctype html><html lang="en"><meta charset="utf-8"><meta http-equiv="refresh" content="1">` +
		`<title>The program does not run</title><h1>The program does not run</h1><pre>` + html.EscapeString(string(text)) + `</pre></html>`))
}
