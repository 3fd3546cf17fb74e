// Package audit writes who has done what with a server into its log.
package audit

import (
	"log/slog"
	"net/http"
)

// Log takes a line for each change. Its fields are set once.
type Log struct {
	// Logger gets the lines. Required.
	Logger *slog.Logger
	// HasToken says that the server has asked every request for a token. A line then says in
	// which form it was given.
	HasToken bool
}

// Write writes that a request has done something. attrs say what it was done to.
func (l Log) Write(r *http.Request, action string, attrs ...any) {
	by := "anybody" // the server asks for no token
	switch {
	case !l.HasToken:
	case r.Header.Get("Authorization") != "":
		by = "token"
	default:
		by = "session"
	}
	l.Logger.InfoContext(r.Context(), "audit", append([]any{"action", action, "by", by, "from", r.RemoteAddr}, attrs...)...)
}
