package api

import (
	"net/http"

	"github.com/fxrun/fxrun/server/internal/audit"
)

// audit writes who has done what into the log.
func (a *API) audit(r *http.Request, action string, attrs ...any) {
	audit.Write(a.config.Logger, r, action, attrs...)
}
