// Package audit writes who has done what with a server into its log.
package audit

import (
	"context"
	"log/slog"
	"net/http"
)

type byKey struct{}

// By returns a context for the requests of somebody: the name of a token, or "token" or
// "session" for how a token without a name was given.
func By(ctx context.Context, who string) context.Context { return context.WithValue(ctx, byKey{}, who) }

// Write writes that a request has done something. attrs say what it was done to. The line
// says who has done it as [By] was told, or "anybody" if the server asks for no token.
func Write(logger *slog.Logger, r *http.Request, action string, attrs ...any) {
	who, ok := r.Context().Value(byKey{}).(string)
	if !ok {
		who = "anybody"
	}
	logger.InfoContext(r.Context(), "audit", append([]any{"action", action, "by", who, "from", r.RemoteAddr}, attrs...)...)
}
