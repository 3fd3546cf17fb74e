package server

import (
	"net/http"
	"strings"

	"github.com/fxrun/fxrun/server/api"
)

// refuse answers a request that the guard does not let pass: as a problem of the API, or as
// text.
func refuse(config Config, w http.ResponseWriter, r *http.Request, status int, detail string) {
	if strings.HasPrefix(r.URL.Path, config.Prefix+api.Path+"/") {
		api.WriteProblem(w, api.Problem{Status: status, Detail: detail})
		return
	}
	http.Error(w, detail, status)
}
