package browsertest_test

import (
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/server"
)

// TestAPageFollowsTheBuildsOfItsProgram does what dev --watch does: one process takes over
// from another under the same address, and a build may fail.
func TestAPageFollowsTheBuildsOfItsProgram(t *testing.T) {
	var problem atomic.Value
	problem.Store("")
	build := func(name string) http.Handler {
		handler, _ := handlerOf(t, func(config *server.Config) {
			config.Problem = func() string { return problem.Load().(string) }
		}, fx.Options(assets.New(name, func() int { return 1 })))
		t.Cleanup(handler.Close)
		return handler
	}
	var serving atomic.Pointer[http.Handler]
	takeOver := func(next http.Handler) { serving.Store(&next) }
	takeOver(build("first"))
	served := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { (*serving.Load()).ServeHTTP(w, r) }))
	t.Cleanup(served.Close)

	b := open(t, served.URL)
	b.show("/assets?sort=asset")
	b.see("main", "first")

	problem.Store("names.go:4:1: syntax error <b>here</b>")
	b.see("#build-problem", "names.go:4:1: syntax error <b>here</b>") // as text
	b.checkAccess("a page with the problem of a build")
	problem.Store("names.go:5:1: another one")
	b.see("#build-problem", "another one")
	problem.Store("")
	b.wait(`!document.querySelector("#build-problem")`)

	takeOver(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { // while no process serves
		http.Error(w, "the program does not run", http.StatusServiceUnavailable)
	}))
	b.do() // the page stays as it is
	b.see("main", "first")
	takeOver(build("second"))
	b.see("main", "second") // nobody has loaded the page again
	b.wait(`location.search === "?sort=asset"`)
	b.checkPolicy()
}
