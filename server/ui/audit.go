package ui

import (
	"net/http"

	"github.com/fxrun/fxrun/server/internal/audit"
)

// audit writes who has done what into the log, as the API does.
func (p *Pages) audit(r *http.Request, action string, attrs ...any) {
	audit.Write(p.config.Logger, r, action, attrs...)
}
