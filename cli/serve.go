package cli

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"go.uber.org/fx"

	"github.com/fxrun/fxrun"
	"github.com/fxrun/fxrun/automation"
	"github.com/fxrun/fxrun/internal/fault"
	"github.com/fxrun/fxrun/internal/panics"
	"github.com/fxrun/fxrun/runs"
	"github.com/fxrun/fxrun/server"
	"github.com/fxrun/fxrun/server/ui"
)

type serveFlags struct {
	addr      string
	prefix    string
	hosts     []string
	token     string // the name of a file
	tokens    string // the name of a file with tokens that have names
	cert, key string
	readOnly  bool
	drain     time.Duration
	notice    time.Duration
	requests  string // all or changes
	maxRuns   int
	checked   time.Duration // how often the resources are checked
	executed  executorFlags
	noDaemon  bool
	noOpen    bool
	watch     bool
	watched   string // the file with the problem of a build, in a process that dev --watch has started
	dev       bool
}

func (p program) serveCommand() *cobra.Command {
	flags := serveFlags{}
	command := &cobra.Command{
		Use:   "serve",
		Short: "Serve the web pages",
		Long: "Serve the web pages: the graph of assets, runs as they happen, and a page to launch\n" +
			"runs. " + servedDaemonHelp + "\n\n" +
			"Below /api/v1 it also serves a JSON API, which the flag --server of other commands\n" +
			"uses. /healthz, /readyz and /metrics are for those who operate it.\n\n" +
			"A request to stop (SIGTERM, Ctrl-C) lets no more ticks begin and ends the pages, and\n" +
			"the command waits until the runs and the resources have stopped.\n\n" +
			"On a loopback address everybody on this machine may use the pages. Any other address\n" +
			"needs a token: in the environment variable " + tokenVariable + ", or in the file that --token-file\n" +
			"names. Several tokens have names, by which the log says who has changed something: lines\n" +
			"NAME=TOKEN in the file that --tokens-file names, or in the variable " + tokensVariable + ".\n" +
			"Use --tls-cert and --tls-key, or a proxy that does TLS, on a network.\n\n" + exitCodes,
		Example: "  PROGRAM serve\n" +
			"  FXRUN_TOKEN=... PROGRAM serve --addr :8443 --host data.example --tls-cert cert.pem --tls-key key.pem",
		Args:              noArguments,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              func(cmd *cobra.Command, _ []string) error { return p.runServe(cmd, flags) },
	}
	flags.register(command, "127.0.0.1:4400")
	command.Flags().DurationVar(&flags.notice, "notice", 0, "at the end, be not ready (/readyz) for this `DURATION` and go on to answer, so that a load balancer notices")
	command.Flags().StringVar(&flags.requests, "log-requests", "all", "write a line for `WHICH` requests to standard error: all, or changes, which are those that change something or fail")
	_ = command.RegisterFlagCompletionFunc("log-requests", cobra.FixedCompletions([]string{"all", "changes"}, cobra.ShellCompDirectiveNoFileComp))
	command.Flags().StringVar(&flags.prefix, "prefix", "", "serve the pages under this `PATH`, as in /fxrun, behind a proxy")
	command.Flags().StringArrayVar(&flags.hosts, "host", nil, "answer also for this host `NAME` (can be repeated; * is every name)")
	command.Flags().StringVar(&flags.token, "token-file", "", "read the token from this `FILE`")
	command.Flags().StringVar(&flags.tokens, "tokens-file", "", "read tokens with names from this `FILE`: a line NAME=TOKEN for each")
	command.Flags().StringVar(&flags.cert, "tls-cert", "", "serve with TLS and the certificate in this `FILE`")
	command.Flags().StringVar(&flags.key, "tls-key", "", "the key of the certificate, in this `FILE`")
	return command
}

func (p program) devCommand() *cobra.Command {
	flags := serveFlags{dev: true}
	command := &cobra.Command{
		Use:   "dev",
		Short: "Open the web pages of this program in a browser",
		Long: "Serve the web pages on this machine alone and open them in a browser. If the port is\n" +
			"taken, another one is used. " + servedDaemonHelp + "\n\n" +
			"With --watch, the program is built anew when its Go files change, by go build of its\n" +
			"package main. The new process takes over under the same address. Runs under way go on\n" +
			"in the old process, which ends as after SIGTERM. If the program cannot be built, the\n" +
			"old process goes on, and the terminal and the pages show why.\n\n" + exitCodes,
		Example:           "  PROGRAM dev\n  go run . dev --watch\n  PROGRAM dev --no-open --addr 127.0.0.1:4500",
		Args:              noArguments,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if flags.watch {
				return p.runWatch(cmd, flags)
			}
			return p.runServe(cmd, flags)
		},
	}
	flags.register(command, "127.0.0.1:4400")
	command.Flags().BoolVarP(&flags.watch, "watch", "w", false, "build the program anew when its Go files change, and go on with that under the same address")
	command.Flags().StringVar(&flags.watched, "watched", "", "for the processes of --watch")
	_ = command.Flags().MarkHidden("watched")
	command.Flags().BoolVar(&flags.noOpen, "no-open", false, "do not open a browser")
	return command
}

// servedDaemonHelp is the help about the daemon in the process of the pages.
const servedDaemonHelp = `This process executes the runs, and
ticks the schedules and sensors as the command daemon does. Of several processes with
the same history one ticks. With --no-daemon, or --read-only, this process neither
ticks nor takes runs from the queue.`

func (f *serveFlags) register(command *cobra.Command, addr string) {
	command.Flags().StringVar(&f.addr, "addr", addr, "listen on this `HOST:PORT`; the port 0 takes a free one")
	command.Flags().BoolVar(&f.readOnly, "read-only", false, "refuse everything that changes something")
	command.Flags().DurationVar(&f.drain, "drain", 10*time.Second, "at the end, wait at most this `DURATION` for open requests")
	command.Flags().DurationVar(&f.checked, "check-resources", 0, "start, check and stop all resources after each `DURATION`, and show those that fail (default: only those that somebody asks for)")
	command.Flags().BoolVar(&f.noDaemon, "no-daemon", false, "leave schedules, sensors and the queue to other processes")
	registerMaxRuns(command, &f.maxRuns)
	f.executed.registerPlace(command)
}

// check finds what is wrong with the flags.
func (f serveFlags) check(cmd *cobra.Command, tokens serveTokens) error {
	faults := append(f.executed.faults(cmd), maxRunsFaults(cmd, f.maxRuns)...)
	if f.maxRuns > 0 && f.noDaemon {
		faults = append(faults, errors.New("--max-runs is for the queue, which --no-daemon leaves to other processes: leave one of them out"))
	}
	host, _, err := net.SplitHostPort(f.addr)
	switch {
	case err != nil:
		faults = append(faults, fmt.Errorf("--addr %q: it must have the form HOST:PORT", f.addr))
	case !isLoopback(host) && f.dev:
		faults = append(faults, fmt.Errorf("--addr %s: dev serves this machine alone, on a loopback address such as 127.0.0.1:4400; use serve for others", f.addr))
	case !isLoopback(host) && tokens.isEmpty():
		faults = append(faults, fmt.Errorf("--addr %s: other machines may reach this address, so it needs a token: set %s, or give --token-file or --tokens-file", f.addr, tokenVariable))
	}
	if (f.cert == "") != (f.key == "") {
		faults = append(faults, errors.New("--tls-cert and --tls-key must be given together"))
	}
	if f.requests != "" && f.requests != "all" && f.requests != "changes" {
		faults = append(faults, fmt.Errorf("--log-requests %q: it takes all or changes", f.requests))
	}
	if f.notice < 0 {
		faults = append(faults, fmt.Errorf("--notice %v: it cannot be negative", f.notice))
	}
	switch {
	case f.checked < 0:
		faults = append(faults, fmt.Errorf("--check-resources %v: it cannot be negative", f.checked))
	case f.checked > 0 && f.checked < time.Second:
		faults = append(faults, fmt.Errorf("--check-resources %v: it must be at least 1s, since each check starts and stops all resources", f.checked))
	}
	if f.drain <= 0 {
		faults = append(faults, fmt.Errorf("--drain %v: it must be longer than 0s, for instance 10s", f.drain))
	}
	return fault.Join("reading the flags", faults)
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// listen opens the address. If the port that dev takes by itself is not free, it takes
// another one.
func (f serveFlags) listen(cmd *cobra.Command) (net.Listener, error) {
	if f.watched != "" {
		return f.watchedListener(cmd)
	}
	listener, err := net.Listen("tcp", f.addr)
	if f.dev && errors.Is(err, syscall.EADDRINUSE) && !cmd.Flags().Changed("addr") {
		listener, err = net.Listen("tcp", "127.0.0.1:0")
	}
	if err != nil {
		return nil, fmt.Errorf("listening: %w", err)
	}
	if f.cert == "" {
		return listener, nil
	}
	certificate, err := tls.LoadX509KeyPair(f.cert, f.key)
	if err != nil {
		return nil, errors.Join(invalid("reading the flags", "--tls-cert and --tls-key: %w", err), listener.Close())
	}
	return tls.NewListener(listener, &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}), nil
}

// url returns the address of the pages for a browser.
func (f serveFlags) url(listener net.Listener) string {
	scheme := "http"
	if f.cert != "" {
		scheme = "https"
	}
	host, port, _ := net.SplitHostPort(listener.Addr().String())
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return scheme + "://" + net.JoinHostPort(host, port) + f.prefix + "/"
}

type hostObserver struct {
	fx.In

	Observer runs.Observer `optional:"true"`
}

func (p program) runServe(cmd *cobra.Command, flags serveFlags) error {
	tokens, faults := flags.readTokens()
	if err := fault.Join("reading the flags", append(faults, fault.Of(flags.check(cmd, tokens))...)); err != nil {
		return err
	}
	listener, err := flags.listen(cmd)
	if err != nil {
		return err
	}
	defer func() { _ = listener.Close() }() // it is closed already after a clean end
	var host hostDaemon
	counted := server.NewMetrics()
	observer := fx.Decorate(func(host hostObserver) runs.Observer { return counted.Observer(host.Observer) })
	open := func() (*session, error) {
		return p.openToRun(fx.Populate(&host), observer, flags.executed.executor(cmd))
	}
	return inSession(cmd, open, func(s *session, interrupts *interrupts) error {
		return s.serve(cmd, interrupts, listener, flags, tokens, host, counted)
	})
}

// serve serves the pages, and ticks, until the first request to stop.
func (s *session) serve(cmd *cobra.Command, interrupts *interrupts, listener net.Listener, flags serveFlags, tokens serveTokens, host hostDaemon, counted *server.Metrics) error {
	daemon := s.servedDaemon(cmd, flags, host, counted)
	handler, err := server.New(server.Config{
		Inspector: s.inspect, Graph: s.graph, Launcher: s.launcher, Automations: s.automations, Prefix: flags.prefix, Hosts: flags.hosts, Token: tokens.one, Tokens: tokens.named, ReadOnly: flags.readOnly,
		Problem: flags.problem(), Daemon: daemon, Metrics: counted, Notice: flags.notice, CheckEvery: flags.checked, LogRequests: flags.requests == "all",
		About: s.aboutInstance(), Logger: slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), nil)),
	})
	if err != nil {
		return fault.Join("reading the flags", []error{err})
	}
	defer handler.Close()
	if err := s.makeHomeUnlessInterrupted(cmd, interrupts); err != nil { // only after everything was found right
		return err
	}
	if err := s.startUnlessInterrupted(cmd, interrupts); err != nil {
		return err
	}
	flags.announce(cmd, listener)
	return interrupts.during(func(ctx context.Context) error {
		return serveAndTick(ctx, daemon, func(ctx context.Context) error { return handler.Serve(ctx, listener, flags.drain) })
	}, noteStopping(cmd))
}

// announce tells that the pages are served.
func (f serveFlags) announce(cmd *cobra.Command, listener net.Listener) {
	if f.watched != "" {
		tellReady()
		return
	}
	address := f.url(listener)
	_, _ = fmt.Fprintf(cmd.OutOrStdout(), "the pages are at %s\n", address)
	if f.dev && !f.noOpen {
		openBrowser(cmd.Context(), address)
	}
}

// problem returns the function that says why a newer program could not be built; nil if
// nobody builds one.
func (f serveFlags) problem() func() string {
	if f.watched == "" {
		return nil
	}
	return f.buildProblem
}

// servedDaemon returns the daemon in the process of the pages, or nil for none.
func (s *session) servedDaemon(cmd *cobra.Command, flags serveFlags, host hostDaemon, counted *server.Metrics) *automation.Daemon {
	if flags.noDaemon || flags.readOnly {
		return nil
	}
	config := host.Config
	config.Automations, config.Launcher, config.Locks = s.automations, s.launcher, nil
	config.Logger = cmp.Or(config.Logger, host.Logger, slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), nil)))
	if flags.maxRuns > 0 {
		config.MaxRuns = flags.maxRuns
	}
	config.Ticked = counted.Ticked
	if of := host.Config.Ticked; of != nil {
		config.Ticked = func(kind automation.Kind, name string, status automation.TickStatus) {
			counted.Ticked(kind, name, status)
			of(kind, name, status)
		}
	}
	daemon, err := automation.NewDaemon(config)
	if err != nil { // the pages do not need it
		_, _ = fmt.Fprintln(cmd.ErrOrStderr(), "this process does not tick schedules and sensors, and takes no runs from the queue: "+errorText(err))
	}
	return daemon
}

// serveAndTick calls serve beside a daemon, which may be nil. Both end with ctx, and the
// daemon also ends with serve.
func serveAndTick(ctx context.Context, daemon *automation.Daemon, serve func(context.Context) error) error {
	if daemon == nil {
		return serve(ctx)
	}
	own, cancel := context.WithCancel(ctx)
	defer cancel()
	ticked := make(chan error, 1)
	go panics.Call(func() error { return daemon.Run(own) }, func(err error) { ticked <- err })
	err := serve(ctx)
	cancel()
	return errors.Join(err, <-ticked)
}

// aboutInstance says where things are kept. It does not show the address of a database,
// which may have a password.
func (s *session) aboutInstance() []ui.Fact {
	home, err := filepath.Abs(fxrun.Home())
	if err != nil {
		home = fxrun.Home()
	}
	kept := "the store that the program provides"
	if !s.ownStore {
		kept = s.home.about()
	}
	return []ui.Fact{{Name: "Home", Text: home}, {Name: "History", Text: kept}, {Name: "Process", Text: strconv.Itoa(os.Getpid())}}
}

// openBrowser opens the pages where there is a browser. That there is none is no fault: the
// address is printed.
func openBrowser(ctx context.Context, address string) {
	command := "xdg-open"
	switch runtime.GOOS {
	case "darwin":
		command = "open"
	case "windows":
		command = "explorer"
	case "linux":
		if os.Getenv("DISPLAY") == "" && os.Getenv("WAYLAND_DISPLAY") == "" {
			return
		}
	}
	open := exec.CommandContext(context.WithoutCancel(ctx), command, address) //nolint:gosec // the address is our own
	apart(open)                                                               // the browser stays when Ctrl-C ends the command
	if open.Start() == nil {
		go func() { _ = open.Wait() }()
	}
}
