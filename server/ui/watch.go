package ui

import (
	"crypto/rand"
	"encoding/json"
	"net/http"
)

// watch tells the pages which process answers, and why a newer one could not be built.
func (p *Pages) watch() http.HandlerFunc {
	version := rand.Text()
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		_ = json.NewEncoder(w).Encode(map[string]string{"version": version, "problem": p.config.Problem()}) // the reader may be gone
	}
}
