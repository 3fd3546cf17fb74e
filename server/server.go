package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/automation"
	"github.com/fxrun/fxrun/inspect"
	"github.com/fxrun/fxrun/runs"
	"github.com/fxrun/fxrun/server/api"
	"github.com/fxrun/fxrun/server/ui"
)

// Config is what a handler needs. Inspector, Graph and Launcher are required.
type Config struct {
	Inspector *inspect.Inspector
	Graph     *assets.Graph
	Launcher  *runs.Launcher
	// Automations are the schedules and sensors, with which Fx provides an application that
	// has fxrun.Module. Nil leaves their pages out.
	Automations *automation.Automations
	// Prefix is the path under which the handler is mounted, as in "/fxrun". It begins
	// with a slash and does not end with one. "" is the root.
	Prefix string
	// Hosts are the host names, without ports, under which the handler may be reached.
	// Requests for other hosts are refused, since a site of a stranger may give its own
	// name this address. Loopback names and addresses are always allowed. "*" allows every
	// host: it is for handlers behind a proxy or a middleware that checks the host.
	Hosts []string
	// Token must be given by every request if it is not empty: as a bearer token, or once
	// on the login page. It must be empty or have at least 16 characters. Where a handler
	// is reached from other machines, it needs a token or a middleware that lets only the
	// right people pass.
	Token string
	// Tokens are more tokens, by their names: what the audit calls those who have given one.
	// Each is as good as Token. [ParseTokens] reads them from a text.
	Tokens map[string]string
	// ReadOnly refuses everything that changes something.
	ReadOnly bool
	// Daemon is the daemon in this process, whose problems make the server not ready. Nil
	// means that others tick.
	Daemon *automation.Daemon
	// CheckEvery is after which time the health of all resources is checked again. Each check
	// starts a resource and stops it. 0 checks a resource only when somebody asks for it. The
	// last results are kept in memory. Every server checks for itself.
	CheckEvery time.Duration
	// Metrics are what the path /metrics tells. The default counts requests only.
	Metrics *Metrics
	// Notice is for how long Serve goes on to answer after it was told to end, while /readyz
	// says that the server is not ready: the time in which a load balancer notices it.
	Notice time.Duration
	// LogRequests writes a line for each request to Logger, but for files of the pages, health
	// and metrics. Without it, only requests that change something or fail have one.
	LogRequests bool
	// Problem says why a newer version of the program could not be built, or "", for a program
	// that somebody works on. Its pages load themselves again when another process has taken
	// over. Nil is for all other programs.
	Problem func() string
	// About are facts about the instance that the pages show.
	About []ui.Fact
	// Logger gets a line for each request that changes something or fails. The default
	// discards them.
	Logger *slog.Logger
}

// Server is the http.Handler. It is safe for concurrent use. Close ends its streams.
type Server struct {
	config  Config
	handler http.Handler
	pages   *ui.Pages
	api     *api.API
	health  *health

	arrivalTime time.Duration

	resources  *inspect.HealthChecks
	stopChecks context.CancelFunc
	checks     sync.WaitGroup
}

// New makes the handler. The caller closes it before its http.Server waits for open
// requests.
func New(config Config) (*Server, error) {
	if config.Logger == nil {
		config.Logger = slog.New(slog.DiscardHandler)
	}
	if config.Metrics == nil {
		config.Metrics = NewMetrics()
	}
	if err := config.check(); err != nil {
		return nil, fmt.Errorf("making the server: %w", err)
	}
	checks := inspect.NewHealthChecks(config.Inspector)
	pages, err := ui.New(ui.Config{
		Health: checks, CheckEvery: config.CheckEvery, Inspector: config.Inspector, Graph: config.Graph, Launcher: config.Launcher, Automations: config.Automations, Prefix: config.Prefix, ReadOnly: config.ReadOnly,
		Problem: config.Problem, About: config.About, Logger: config.Logger,
	})
	if err != nil {
		return nil, fmt.Errorf("making the pages: %w", err)
	}
	mux := http.NewServeMux()
	pages.Register(mux)
	operations, err := api.New(config.api(checks))
	if err != nil {
		return nil, fmt.Errorf("making the API: %w", err)
	}
	operations.Register(mux)
	s := &Server{config: config, pages: pages, api: operations, health: &health{config: config}, resources: checks, arrivalTime: arrivalTime}
	mux.HandleFunc("GET "+config.Prefix+"/metrics", s.serveMetrics)
	s.checkResources()
	s.handler = headers(s.health.around(guard(config, mux)))
	return s, nil
}

func (c Config) check() error {
	var faults []error
	if c.Inspector == nil || c.Graph == nil || c.Launcher == nil {
		faults = append(faults, errors.New("the fields Inspector, Graph and Launcher must be set"))
	}
	if c.Prefix != "" && (!strings.HasPrefix(c.Prefix, "/") || strings.HasSuffix(c.Prefix, "/") || strings.ContainsAny(c.Prefix, "{}? \t")) {
		faults = append(faults, fmt.Errorf("the prefix %q must begin with a slash, must not end with one, and must be a plain path", c.Prefix))
	}
	if c.Token != "" && len(c.Token) < shortestToken {
		faults = append(faults, fmt.Errorf("the token must have at least %d characters", shortestToken))
	}
	for _, name := range slices.Sorted(maps.Keys(c.Tokens)) {
		if err := checkToken(name, c.Tokens[name]); err != nil {
			faults = append(faults, err)
		}
		if c.Tokens[name] == c.Token {
			faults = append(faults, fmt.Errorf("the token of %s is also the one without a name", name))
		}
	}
	faults = append(faults, sameTokens(c.Tokens)...)
	if c.CheckEvery < 0 {
		faults = append(faults, fmt.Errorf("the interval of health checks is %v: it cannot be negative", c.CheckEvery))
	}
	return errors.Join(faults...)
}

// checkTime is how long the check of a resource may take that nobody waits for.
const checkTime = 15 * time.Second

// checkResources checks the resources by the interval of the config, until Close.
func (s *Server) checkResources() {
	ctx, stop := context.WithCancel(context.Background())
	s.stopChecks = stop
	if s.config.CheckEvery > 0 {
		s.checks.Go(func() { s.resources.CheckEvery(ctx, s.config.CheckEvery, checkTime) })
	}
}

func (c Config) asksForToken() bool { return c.Token != "" || len(c.Tokens) > 0 }

// ServeHTTP answers a request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// Drain makes the server not ready: /readyz says so from then on, and everything else goes on.
func (s *Server) Drain() { s.health.drain() }

// Close makes the server not ready, and ends the streams of all pages, and those of the API. It
// waits for a health check that was not asked for by a request.
func (s *Server) Close() {
	s.Drain()
	s.stopChecks()
	s.checks.Wait()
	s.pages.Close()
	s.api.Close()
}

const (
	// headerTime is how long a client may take to send the header of a request, bodyTime
	// how long for the whole request, and idleTime how long a connection may be idle.
	headerTime, bodyTime, idleTime = 10 * time.Second, 30 * time.Second, 2 * time.Minute
	// largestHeader is the largest header of a request, in bytes.
	largestHeader = 64 << 10
)

// Serve serves the handler on a listener until ctx ends. Then the server is not ready, and
// after the time Config.Notice it accepts no more requests, ends the streams, and waits for
// open requests, at most for drain. It closes the listener. The error is nil after a clean
// end.
func (s *Server) Serve(ctx context.Context, listener net.Listener, drain time.Duration) error {
	server := &http.Server{
		Handler: s, ReadHeaderTimeout: headerTime, ReadTimeout: bodyTime, IdleTimeout: idleTime, MaxHeaderBytes: largestHeader,
		ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError),
	}
	var arrivals arrivals
	arrivals.follow(server)
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	select {
	case err := <-ended:
		s.Close()
		return fmt.Errorf("serving: %w", err)
	case <-ctx.Done():
	}
	s.Drain()
	select {
	case err := <-ended:
		s.Close()
		return fmt.Errorf("serving: %w", err)
	case <-time.After(s.config.Notice):
	}
	s.Close()
	_ = listener.Close()
	if err := <-ended; !errors.Is(err, net.ErrClosed) { // from here on, all connections are known
		return errors.Join(fmt.Errorf("serving: %w", err), server.Close())
	}
	arrivals.wait(s.arrivalTime)
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), drain)
	defer cancel()
	if err := server.Shutdown(closing); err != nil {
		return errors.Join(fmt.Errorf("waiting for open requests: %w", err), server.Close())
	}
	return nil
}
