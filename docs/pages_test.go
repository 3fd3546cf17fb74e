package docs_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"go.uber.org/fx"
	"go.uber.org/fx/fxtest"

	"github.com/fxrun/fxrun"
	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/automation"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/inspect"
	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/runs"
	"github.com/fxrun/fxrun/server"
)

// NewPages makes the web pages of the runs, for the path /data of the application.
func NewPages(
	lc fx.Lifecycle, resources *container.Container, graph *assets.Graph, launcher *runs.Launcher, automations *automation.Automations,
) (*server.Server, error) {
	pages, err := server.New(server.Config{
		Inspector: inspect.New(resources, graph, launcher.Store()), Graph: graph, Launcher: launcher, Automations: automations,
		Prefix: "/data",
		Hosts:  []string{"shop.example"},
	})
	if err != nil {
		return nil, err
	}
	lc.Append(fx.StopHook(pages.Close)) // ends the streams of the pages
	return pages, nil
}

// Mount puts the pages beside the other handlers of the application. onlyStaff is the
// application's own middleware, which lets the right people pass.
func Mount(mux *http.ServeMux, pages *server.Server, onlyStaff func(http.Handler) http.Handler) {
	mux.Handle("/data/", onlyStaff(pages))
}

func TestThePagesAreMountedInAnApplication(t *testing.T) {
	t.Parallel()
	var pages *server.Server
	app := fxtest.New(t, fxrun.Module, fx.NopLogger, fx.Supply(fxrun.IO{IOManager: iomanagers.NewMemory()}), fx.Provide(NewPages),
		assets.New("orders", func() error { return nil }), fx.Populate(&pages))
	app.RequireStart()
	defer app.RequireStop()
	mux := http.NewServeMux()
	Mount(mux, pages, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("X-Staff") == "" {
				http.Error(w, "for staff only", http.StatusForbidden)
				return
			}
			next.ServeHTTP(w, r)
		})
	})
	ask := func(host, staff string) *httptest.ResponseRecorder {
		request, answer := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+host+"/data/assets", nil), httptest.NewRecorder()
		request.Header.Set("X-Staff", staff)
		mux.ServeHTTP(answer, request)
		return answer
	}
	if got := ask("shop.example", "yes"); got.Code != http.StatusOK || !strings.Contains(got.Body.String(), `href="/data/assets/orders"`) {
		t.Errorf("the page answers %d", got.Code)
	}
	for host, staff := range map[string]string{"shop.example": "", "elsewhere.example": "yes"} {
		if got := ask(host, staff); got.Code == http.StatusOK {
			t.Errorf("%s with staff %q is answered", host, staff)
		}
	}
}
