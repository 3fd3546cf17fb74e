package cli

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"slices"
	"time"

	"github.com/fxrun/fxrun/internal/fault"

	"github.com/spf13/cobra"
	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/internal/nearest"
	"github.com/fxrun/fxrun/runs"
)

type runFlags struct {
	launch   launchFlags
	selects  []string
	tags     []string
	executed executorFlags
	dryRun   bool
	verbose  bool
	again    bool
	logLevel string
	json     bool

	queue     bool
	priority  int
	retries   int
	retryWait time.Duration
	onCrash   string
}

func (p program) runCommand() *cobra.Command {
	var flags runFlags
	command := &cobra.Command{
		Use:   "run",
		Short: "Run a job or a selection of assets",
		Long: "Run a job or a selection of assets. Without --job and --select,\n" +
			"it runs the only job, or the only job of assets, or all assets if there are no jobs.\n\n" +
			selectionHelp + "\n\n" +
			"All faults of a launch are reported at once, before anything starts. With --dry-run\n" +
			"the command then ends. An interrupt (Ctrl-C) cancels the run, and the command waits\n" +
			"until everything has stopped. After SIGTERM running steps may go on for the time of\n" +
			"--drain. A second interrupt or SIGTERM ends the command at once.\n\n" +
			"With --isolate step, each step has its own process, and a crash is a failed step.\n" +
			"With --isolate run, the whole run has its own process.\n\n" + serverHelp + "\n" +
			"The run is executed there, so {env: NAME} is a variable of the server, and the server\n" +
			"says how steps are executed. The files of --config are read here.\n\n" +
			"Every user of the machine can see arguments. So give secrets in a file, or as\n" +
			"references to the environment, {env: NAME}.\n\n" + exitCodes,
		Example: "  PROGRAM run --job nightly\n" +
			"  PROGRAM run --select '+revenue' --set resources.warehouse.config.table=orders_2026\n" +
			"  PROGRAM run --config prod.yaml --set 'resources.warehouse.config.password={env: PGPASSWORD}'\n" +
			"  PROGRAM run --select 'group:raw' --dry-run",
		Args:              p.noRunArguments,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              func(cmd *cobra.Command, _ []string) error { return p.runRun(cmd, flags) },
	}
	flags.launch.register(command, p, "run the job called `NAME`")
	command.Flags().StringArrayVarP(&flags.selects, "select", "s", nil, "run the assets that an `EXPRESSION` selects (can be repeated: assets that any of them selects)")
	command.Flags().StringArrayVarP(&flags.tags, "tag", "t", nil, "put a tag on the run, `NAME=VALUE` (can be repeated)")
	flags.executed.register(command)
	command.Flags().BoolVar(&flags.dryRun, "dry-run", false, "show which steps would run and which resources would start, with their config; start nothing")
	command.Flags().BoolVarP(&flags.verbose, "verbose", "v", false, "show every resource and the debug lines of the log; the history then keeps these lines")
	command.Flags().StringVar(&flags.logLevel, "log-level", "", "keep log lines of at least this `LEVEL` in the history: debug, info, warn or error (default: info)")
	command.Flags().BoolVar(&flags.again, "again", false, "repeat the last run with its job or selection, its config and its tags; other flags change these")
	command.Flags().BoolVar(&flags.json, "json", false, "write every event as a line of JSON, and last the record of the run")
	command.Flags().BoolVar(&flags.queue, "queue", false, "leave the run to a process that takes queued runs, such as the command runs work, and write its ID")
	command.Flags().IntVar(&flags.priority, "priority", 0, "of runs that wait, the one with the highest `NUMBER` begins first")
	command.Flags().IntVar(&flags.retries, "retries", 0, "if the run fails, repeat what did not succeed, at most `N` times (default: what the job says)")
	command.Flags().DurationVar(&flags.retryWait, "retry-wait", 0, "wait this `DURATION` before the first repetition, and twice as long before each further one")
	command.Flags().StringVar(&flags.onCrash, "on-crash", "", "if the process of the run is killed, resume or give_up the rest: a `POLICY` (default: what the job says)")
	registerServer(command)
	p.complete(command, "select", p.selections)
	_ = command.RegisterFlagCompletionFunc("on-crash", cobra.FixedCompletions([]string{string(assets.CrashResume), string(assets.CrashGiveUp)}, cobra.ShellCompDirectiveNoFileComp))
	_ = command.RegisterFlagCompletionFunc("log-level", completeLevels)
	return command
}

// selectionHelp describes the language of selections.
const selectionHelp = `A selection is made of:
  orders, raw/*     assets by key; * stands for any text
  group:raw         the assets of a group
  tag:daily         the assets with a tag
  +revenue          revenue and all assets upstream of it; 2+revenue goes two steps
  orders+           orders and all assets downstream of it; orders+1 goes one step
  a or b, a and b, not a, ( ... )`

// noRunArguments refuses arguments. If an argument is the name of a job or a
// selection, the error suggests the flag for it.
func (p program) noRunArguments(command *cobra.Command, args []string) error {
	refused := noArguments(command, args)
	if refused == nil {
		return nil
	}
	s, err := p.open()
	if err != nil {
		return refused
	}
	var jobs []string
	for _, job := range s.graph.Jobs() {
		jobs = append(jobs, job.Name)
	}
	flag, name := "--job ", nearest.Name(args[0], jobs)
	if _, err := s.graph.Select(args[0]); err == nil && name != args[0] {
		flag, name = "--select ", args[0]
	}
	if name == "" {
		var keys []string
		for _, asset := range s.graph.Assets() {
			keys = append(keys, asset.Key)
		}
		flag, name = "--select ", nearest.Name(args[0], keys)
	}
	if name == "" {
		return refused
	}
	return invalid("reading the command line", "%s takes no arguments, only flags: %q is not allowed, did you mean %s%s?",
		command.CommandPath(), args[0], flag, name)
}

func (p program) runRun(cmd *cobra.Command, flags runFlags) error {
	if flags.again {
		return p.runAgain(cmd, flags)
	}
	request, sent, err := flags.request(cmd)
	level, wrong := flags.level()
	if err := fault.Join("reading the flags", append(fault.Of(err), fault.Of(wrong)...)); err != nil {
		return err
	}
	server, err := p.connectToRun(cmd)
	if err != nil {
		return err
	}
	if server != nil {
		defer server.Close()
		return server.run(cmd, request, sent, flags)
	}
	if flags.dryRun {
		return p.dryRun(cmd, request, flags.json)
	}
	return inSession(cmd, func() (*session, error) {
		return p.openToRun(flags.executed.executor(cmd, flags.levelFlags()...), level)
	},
		func(s *session, interrupts *interrupts) error { return s.launch(cmd, interrupts, request, flags) })
}

// level returns an option that sets the level of the log lines that the history
// keeps, if a flag asks for another level than that of the application.
func (f runFlags) level() (fx.Option, error) {
	switch {
	case f.logLevel != "":
		level, err := levelOf("log-level", f.logLevel)
		return keepLines(func(slog.Level) slog.Level { return level }), err
	case f.verbose:
		return keepLines(func(own slog.Level) slog.Level { return min(own, slog.LevelDebug) }), nil
	}
	return fx.Options(), nil
}

// launch checks the request, starts the application, launches the run, and waits
// for its end.
func (s *session) launch(cmd *cobra.Command, interrupts *interrupts, request runs.Request, flags runFlags) error {
	request, err := withDefault(request, s.graph.Jobs(), len(s.graph.Assets()) > 0)
	if err != nil {
		return err
	}
	relay := newRelay()
	if !flags.queue {
		request.Observe = relay.event // the reporter is made later, when the plan is known
	}
	prepared, err := s.launcher.Prepare(request)
	preview := prepared.Preview()
	writeWarnings(cmd.ErrOrStderr(), s.inspect.LaunchWarnings(os.Environ(), request, preview))
	if err != nil { // before the start hooks of the application
		return err
	}
	plan := preview.Plan
	if !flags.json {
		noteUnused(cmd.ErrOrStderr(), request.Config, attemptsOf(plan))
	}
	if err := s.makeHomeUnlessInterrupted(cmd, interrupts); err != nil {
		return err
	}
	if !s.started {
		if err := s.startUnlessInterrupted(cmd, interrupts); err != nil {
			return err
		}
	}
	if flags.queue {
		return s.queue(cmd, interrupts, prepared, flags.json)
	}
	var run *runs.Run
	err = interrupts.during(func(ctx context.Context) (err error) {
		if run, err = prepared.Start(ctx); err != nil {
			return interruptedOr(ctx, err)
		}
		return nil
	}, func() {})
	if err != nil {
		return err
	}
	for {
		reporter := newReporter(cmd, flags.json, flags.verbose, attemptsOf(plan))
		defer reporter.abandon()
		relay.to(run.ID(), reporter)
		left, err := s.waitFor(run, interrupts, reporter, flags.executed.drain)
		if err != nil {
			return err
		}
		record := reporter.end()
		if left && !record.Status.Finished() {
			return &leftRunError{run.ID()}
		}
		next := run.RetriedBy()
		if next == nil {
			return outcome(cmd, run, record)
		}
		_, _ = fmt.Fprintf(cmd.ErrOrStderr(), "run %s %s: run %s repeats what did not succeed\n", clean(run.ID()), told(record.Status), clean(next.ID()))
		run = next
	}
}

// queue leaves a run to other processes, and writes its ID.
func (s *session) queue(cmd *cobra.Command, interrupts *interrupts, prepared *runs.Prepared, asJSON bool) error {
	var record history.Record
	err := interrupts.during(func(ctx context.Context) error {
		id, err := prepared.Queue(ctx)
		if err == nil {
			record, err = history.Find(ctx, s.history(), id)
		}
		if err != nil {
			return interruptedOr(ctx, err)
		}
		return nil
	}, func() {})
	if err != nil {
		return err
	}
	if asJSON {
		run, _ := s.detail(cmd.Context(), record) // what is not known is left out
		return writeDocument(cmd.OutOrStdout(), run)
	}
	_, err = fmt.Fprintln(cmd.OutOrStdout(), record.ID)
	return err
}

// waitFor waits for the end of a run. At the first request to stop it cancels the
// run, or, if the request is a SIGTERM, lets it drain. A run on a cluster needs no process,
// so after a SIGTERM it is left to others, and left is true. At the second request waitFor
// returns without waiting for the run.
func (s *session) waitFor(run *runs.Run, interrupts *interrupts, reporter reporter, drain time.Duration) (left bool, _ error) {
	select {
	case <-run.Done():
		return false, nil
	case <-interrupts.ctx.Done():
	}
	var cluster history.Cluster
	if interrupts.terminated() {
		cluster = s.clusterOf(run)
	}
	switch left = cluster != (history.Cluster{}); {
	case left:
		reporter.note("leaving: the run goes on in " + clean(cluster.Name) + " without this command; press Ctrl-C to quit at once")
		go s.leaveRuns() // the run is waited for below
	case interrupts.terminated() && drain > 0:
		reporter.note("draining: no more steps start, and running steps have " + durationText(drain) + "; press Ctrl-C to quit at once")
		run.Drain(interrupts.askedBy(), drain)
	default:
		reporter.note("cancelling: waiting for running steps; press Ctrl-C again to quit at once")
		run.Cancel(interrupts.askedBy())
	}
	select {
	case <-run.Done():
		return left, nil
	case <-interrupts.second:
		return left, errAbandoned
	}
}

// clusterOf returns the cluster that executes a run, or the zero Cluster. A history that does
// not answer soon counts as one that names none, so that the run can be cancelled.
func (s *session) clusterOf(run *runs.Run) history.Cluster {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	record, _ := history.Find(ctx, s.history(), run.ID())
	return record.Cluster
}

// leaveRuns leaves the runs on a cluster to others.
func (s *session) leaveRuns() {
	ctx, cancel := context.WithTimeout(context.Background(), s.app.StopTimeout())
	defer cancel()
	_ = s.launcher.Drain(ctx) // the stop of the application says what is wrong
}

// noteUnused names the steps that the flags configure although the run does not
// have them. This is not a fault, since the same file may be used for several
// launches.
func noteUnused(out io.Writer, config container.RunConfig, steps attempts) {
	for _, key := range slices.Sorted(maps.Keys(config.Steps)) {
		if _, ok := steps[key]; !ok {
			_, _ = fmt.Fprintln(out, "note: "+clean("steps."+key)+" is not part of this run")
		}
	}
}

// attemptsOf returns the largest number of attempts at each step.
func attemptsOf(plan *assets.Plan) attempts {
	of := make(attempts, len(plan.Steps))
	for _, step := range plan.Steps {
		of[step.Key] = step.Retries + 1
	}
	return of
}

// outcome returns an error if a run did not succeed. The run has ended, and its
// reporter has shown the end.
func outcome(cmd *cobra.Command, run *runs.Run, record history.Record) error {
	err := run.Wait(context.Background()) // it has ended
	if err == nil {
		return nil
	}
	if !record.Status.Finished() { // the end could not be recorded
		return fmt.Errorf("run %s: %w", run.ID(), err)
	}
	cmd.SilenceErrors = true // the reporter has shown it
	return &unsuccessful{id: run.ID(), status: record.Status}
}
