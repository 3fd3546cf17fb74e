package ui

import (
	"bytes"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/automation"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/inspect"
	"github.com/fxrun/fxrun/runs"
	"github.com/fxrun/fxrun/server/internal/follow"
)

// Config is what the pages need.
type Config struct {
	// Inspector answers what the pages show. Required.
	Inspector *inspect.Inspector
	// Graph is the asset graph that the inspector is for. Required.
	Graph *assets.Graph
	// Launcher launches and cancels runs, and reads stored values. Required.
	Launcher *runs.Launcher
	// Health keeps the results of health checks. The default is one of the pages alone.
	Health *inspect.HealthChecks
	// CheckEvery is after which time all resources are checked again, for people to read. 0
	// means that they are checked only when somebody asks for it.
	CheckEvery time.Duration
	// Automations are the schedules and sensors. Nil leaves their pages out.
	Automations *automation.Automations
	// Prefix is the path under which the pages are mounted, as in "/fxrun". It is ""
	// for the root, and does not end with a slash.
	Prefix string
	// ReadOnly leaves out everything that changes something.
	ReadOnly bool
	// Problem says why a newer version of the program could not be built, or "". If it is not
	// nil, the pages show it, and load themselves again when another process answers.
	Problem func() string
	// About are facts about the instance for people, such as where its history is.
	About []Fact
	// Logger gets a line for each change, and the errors that a person can not correct. The
	// default discards them.
	Logger *slog.Logger
}

// Fact is a name and a text.
type Fact struct{ Name, Text string }

// Pages are the web pages. They are safe for concurrent use.
type Pages struct {
	config    Config
	inspect   *inspect.Inspector
	templates map[string]*template
	static    *static
	configs   func() map[string][]container.Field // of the steps that have a config
	live      *follow.Runs[change]
	places    follow.Places // of those who follow runs
}

// New makes the pages. The caller closes them.
func New(config Config) (*Pages, error) {
	if config.Logger == nil {
		config.Logger = slog.New(slog.DiscardHandler)
	}
	if config.Health == nil {
		config.Health = inspect.NewHealthChecks(config.Inspector)
	}
	files, err := newStatic()
	if err != nil {
		return nil, err
	}
	p := &Pages{config: config, inspect: config.Inspector, static: files}
	p.configs = sync.OnceValue(func() map[string][]container.Field { return p.inspect.StepConfigs(p.config.Launcher) })
	if p.templates, err = parseTemplates(p.functions()); err != nil {
		return nil, err
	}
	p.live = follow.New(config.Logger, p.follow)
	return p, nil
}

// Close ends all live streams. A server must close the pages before it waits for its
// requests, since a stream ends only with its run.
func (p *Pages) Close() { p.live.Close() }

// Register adds the pages to mux, under the prefix of the config.
func (p *Pages) Register(mux *http.ServeMux) {
	get := func(path string, make func(*http.Request) (view, error)) {
		mux.HandleFunc("GET "+p.config.Prefix+path, p.page(make))
	}
	post := func(path string, do func(http.ResponseWriter, *http.Request) error) {
		if !p.config.ReadOnly {
			mux.HandleFunc("POST "+p.config.Prefix+path, p.action(do))
		}
	}
	get("/{$}", p.overview)
	get("/lineage", p.lineage)
	get("/assets", p.assets)
	get("/assets/{key...}", p.asset)
	get("/values/{key...}", p.value)
	mux.HandleFunc("GET "+p.config.Prefix+"/media/{key...}", p.media)
	get("/runs", p.runs)
	get("/runs/{id}", p.run)
	get("/runs/{id}/log", p.runLog)
	get("/runs/{id}/compare", p.compare)
	get("/launch", p.launch)
	get("/resources", p.resources)
	get("/resources/{key...}", p.resource)
	get("/jobs", p.jobs)
	get("/jobs/{name}", p.job)
	if p.config.Automations != nil {
		get("/automation", p.automations)
		get("/automation/{kind}/{name...}", p.automation)
		post("/automation/{kind}/{name...}", p.changeAutomation)
	}
	get("/instance", p.instance)
	get("/search", p.search)
	if p.config.Problem != nil {
		mux.HandleFunc("GET "+p.config.Prefix+"/watch", p.watch())
	}
	get("/design", p.design)
	mux.HandleFunc("GET "+p.config.Prefix+"/runs/{id}/live", p.serveLive)
	mux.Handle("GET "+p.config.Prefix+"/static/{version}/{name}", p.static)
	post("/launch", p.startLaunch)
	post("/launch/check", p.checkLaunch)
	post("/runs", p.changeRuns)
	post("/runs/{id}/cancel", p.cancelRun)
	post("/runs/{id}/retry", p.retryRun)
	post("/resources/{key}/check", p.checkResource)
	mux.HandleFunc(p.config.Prefix+"/", p.other)
}

// other answers requests for which there is no page.
func (p *Pages) other(w http.ResponseWriter, r *http.Request) {
	err := p.noPage(r)
	if methods := []string{http.MethodGet, http.MethodHead, http.MethodPost}; !slices.Contains(methods, r.Method) {
		w.Header().Set("Allow", strings.Join(methods, ", "))
		err = &refusedError{http.StatusMethodNotAllowed, "the pages have no method " + r.Method}
	}
	p.write(w, r, p.problem(r, err))
}

// view is a page that is ready to be written.
type view struct {
	// Template is the name of the template. One that begins with "part-" is a part of a
	// page and is written without the shell.
	Template string
	// Title is the title of the page. Nav is the entry of the menu that it belongs to.
	Title, Nav string
	// Crumbs lead to the page.
	Crumbs []link
	// Data is what the template shows.
	Data any
	// Status is the HTTP status. 0 means 200.
	Status int
	// Nonce lets a script of the page add styles. "" allows none.
	Nonce string
}

type link struct{ Text, Path string }

func (p *Pages) page(make func(*http.Request) (view, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		made, err := view{}, checkQuery(r)
		if err == nil {
			made, err = make(r)
		}
		if err != nil {
			made = p.problem(r, err)
		}
		p.write(w, r, made)
	}
}

func (p *Pages) action(do func(http.ResponseWriter, *http.Request) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		err := readForm(r)
		if err == nil {
			err = do(w, r)
		}
		if err != nil {
			p.write(w, r, p.problem(r, err))
		}
	}
}

// write writes the page. It is made as a whole first, so that an error in the middle
// does not leave half of a page.
func (p *Pages) write(w http.ResponseWriter, r *http.Request, v view) {
	var page bytes.Buffer
	if err := p.templates[v.Template].execute(&page, p.shell(r, v)); err != nil {
		p.config.Logger.Error("making a page", "path", r.URL.Path, "error", err)
		http.Error(w, "the page could not be made: see the log of the server", http.StatusInternalServerError)
		return
	}
	header := w.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Cache-Control", "no-store")
	header.Add("Vary", "HX-Request")
	if v.Nonce != "" && header.Get("Content-Security-Policy") != "" {
		allowStyles(header, v.Nonce)
	}
	if v.Status != 0 {
		w.WriteHeader(v.Status)
	}
	_, _ = w.Write(page.Bytes()) // the reader may be gone
}

// redirect sends the browser to another page after a change.
func (p *Pages) redirect(w http.ResponseWriter, r *http.Request, path string) {
	if r.Header.Get("HX-Request") != "" {
		w.Header().Set("HX-Redirect", p.config.Prefix+path)
		w.WriteHeader(http.StatusNoContent)
		return
	}
	http.Redirect(w, r, p.config.Prefix+path, http.StatusSeeOther)
}

// shell is what every template gets.
type shell struct {
	view
	ReadOnly bool
	Watched  bool
	Menu     []menuEntry
	Path     string
}

type menuEntry struct {
	Text, Path string
	Current    bool
}

func (p *Pages) shell(r *http.Request, v view) shell {
	s := shell{view: v, ReadOnly: p.config.ReadOnly, Watched: p.config.Problem != nil, Path: r.URL.Path}
	for _, entry := range []link{
		{"Overview", "/"},
		{"Lineage", "/lineage"},
		{"Assets", "/assets"},
		{"Jobs", "/jobs"},
		{"Runs", "/runs"},
		{"Launch", "/launch"},
		{"Automation", "/automation"},
		{"Resources", "/resources"},
		{"Instance", "/instance"},
	} {
		if entry.Path == "/launch" && p.config.ReadOnly || entry.Path == "/automation" && p.config.Automations == nil {
			continue
		}
		s.Menu = append(s.Menu, menuEntry{Text: entry.Text, Path: entry.Path, Current: v.Nav == entry.Path})
	}
	return s
}

// isPartial reports whether htmx asks for a part of a page.
func isPartial(r *http.Request) bool { return r.Header.Get("HX-Request") != "" }

// trimmed returns a value of the query without surrounding spaces.
func trimmed(r *http.Request, name string) string { return strings.TrimSpace(r.FormValue(name)) }

// partOrPage returns a part for htmx, and a page with that part for everybody else.
func (p *Pages) partOrPage(r *http.Request, v view) view {
	if !isPartial(r) {
		v.Data, v.Template = map[string]any{"Part": v.Template, "Data": v.Data}, "single"
	}
	return v
}
