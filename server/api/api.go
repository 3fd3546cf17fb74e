package api

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/automation"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/inspect"
	"github.com/fxrun/fxrun/runs"
)

// Path is the path of the API below the prefix of a server.
const Path = "/api/v1"

// Config is what the operations need. Inspector, Graph and Launcher are required.
type Config struct {
	Inspector *inspect.Inspector
	Graph     *assets.Graph
	Launcher  *runs.Launcher
	// Health keeps the results of health checks. The default is one of the API alone.
	Health *inspect.HealthChecks
	// Automations are the schedules and sensors. Nil leaves their operations out.
	Automations *automation.Automations
	// Prefix is the path of the server, as in "/fxrun". It is "" for the root.
	Prefix string
	// ReadOnly says that the server refuses everything that changes something. It is shown.
	ReadOnly bool
	// About are facts about the instance that GET /instance shows.
	About []Fact
	// Logger gets a line for each launch, cancellation, retry and switch, and the errors
	// that a caller can not correct. The default discards them.
	Logger *slog.Logger
}

// Fact is a name and a text.
type Fact struct {
	Name string `json:"name"`
	Text string `json:"text"`
}

// API answers the requests below [Path]. It is safe for concurrent use.
type API struct {
	config   Config
	inspect  *inspect.Inspector
	configs  func() map[string][]container.Field // of the steps that have a config
	mux      *http.ServeMux
	follows  *follows
	document []byte
}

// New makes the API. The caller closes it.
func New(config Config) (*API, error) {
	if config.Logger == nil {
		config.Logger = slog.New(slog.DiscardHandler)
	}
	if config.Health == nil {
		config.Health = inspect.NewHealthChecks(config.Inspector)
	}
	a := &API{config: config, inspect: config.Inspector, mux: http.NewServeMux()}
	a.configs = sync.OnceValue(func() map[string][]container.Field { return a.inspect.StepConfigs(a.config.Launcher) })
	operations := a.operations()
	var err error
	if a.document, err = document(config.Prefix+Path, operations); err != nil {
		return nil, err
	}
	for _, o := range operations {
		a.mux.HandleFunc(o.method+" "+config.Prefix+Path+o.path, o.serve)
	}
	a.follows = newFollows(config.Launcher, config.Logger)
	return a, nil
}

// Close ends the streams of events. A server must close the API before it waits for its
// requests, since such a stream ends only with its run.
func (a *API) Close() { a.follows.runs.Close() }

// Register adds the API to mux, under the prefix of the config.
func (a *API) Register(mux *http.ServeMux) { mux.Handle(a.config.Prefix+Path+"/", a) }

// ServeHTTP answers a request.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !utf8.ValidString(r.URL.Path) || strings.ContainsFunc(r.URL.Path, unicode.IsControl) {
		WriteProblem(w, Problem{Status: http.StatusBadRequest, Detail: "the path has bytes that no name has"})
		return
	}
	if _, pattern := a.mux.Handler(r); pattern == "" {
		a.missing(w, r)
		return
	}
	a.mux.ServeHTTP(w, r)
}

// missing answers a request for which there is no operation.
func (a *API) missing(w http.ResponseWriter, r *http.Request) {
	probe := &discarded{header: make(http.Header)}
	a.mux.ServeHTTP(probe, r)
	if allowed := probe.header.Get("Allow"); probe.status == http.StatusMethodNotAllowed {
		w.Header().Set("Allow", allowed)
		WriteProblem(w, Problem{Status: probe.status, Detail: r.Method + " is not possible here, only " + allowed})
		return
	}
	WriteProblem(w, Problem{
		Status: http.StatusNotFound,
		Detail: "there is no operation " + r.URL.EscapedPath() + ": GET " + a.config.Prefix + Path + "/openapi.json lists all; a / in a name is written as %2F",
	})
}

// discarded is a writer that keeps only the status and the header of an answer.
type discarded struct {
	header http.Header
	status int
}

func (d *discarded) Header() http.Header            { return d.header }
func (d *discarded) Write(text []byte) (int, error) { return len(text), nil }
func (d *discarded) WriteHeader(status int)         { d.status = status }

// answer writes a value as JSON. It is encoded as a whole first, so that an error does not
// leave half of an answer.
func (a *API) answer(w http.ResponseWriter, r *http.Request, status int, value any) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		a.refuse(w, r, err)
		return
	}
	writeJSON(w, "application/json", status, text.Bytes())
}

func writeJSON(w http.ResponseWriter, kind string, status int, text []byte) {
	header := w.Header()
	header.Set("Content-Type", kind)
	header.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(text) // the caller may be gone
}
