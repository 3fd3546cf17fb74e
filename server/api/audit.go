package api

import "net/http"

// audit writes who has done what into the log.
func (a *API) audit(r *http.Request, action string, attrs ...any) {
	by := "anybody" // the server asks for no token
	switch {
	case !a.config.HasToken:
	case r.Header.Get("Authorization") != "":
		by = "token"
	default:
		by = "session"
	}
	a.config.Logger.InfoContext(r.Context(), "audit", append([]any{"action", action, "by", by, "from", r.RemoteAddr}, attrs...)...)
}
