package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"go.uber.org/fx"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/inspect"
	"github.com/fxrun/fxrun/runs"
)

func (p program) workerCommand() *cobra.Command {
	var asJSON bool
	command := &cobra.Command{
		Use:   "worker",
		Short: "Execute steps of runs that any machine has launched",
		Long: "Execute steps of the runs that any process with the same cluster and the same history\n" +
			"has launched, until an interrupt. Start as many workers as you like, on any number of\n" +
			"machines: they share the steps. Each worker needs the same program, the same history\n" +
			"(FXRUN_STORE) and the environment that the config of the resources names.\n\n" +
			"A worker also takes over runs whose launcher is gone. It takes no queued runs: the\n" +
			"commands runs work, daemon and serve take these, and the workers execute their steps.\n\n" +
			"The executor of the program says which cluster it is. That of the Go module\n" +
			"github.com/fxrun/fxrun/temporal uses the Temporal server that FXRUN_TEMPORAL_ADDRESS\n" +
			"names, and reads the sizes of a worker from the environment too.\n\n" +
			"An interrupt (Ctrl-C, or SIGTERM) lets no more steps begin, and lets running ones go on\n" +
			"for a while. Those that are not finished then are executed by another worker. A second\n" +
			"interrupt ends the command at once. With --json each line is an object.",
		Example:           "  FXRUN_STORE=postgres://db/fxrun FXRUN_TEMPORAL_ADDRESS=temporal:7233 PROGRAM worker\n  PROGRAM worker --json | jq .step",
		Args:              noArguments,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              func(cmd *cobra.Command, _ []string) error { return p.runWorker(cmd, asJSON) },
	}
	command.Flags().BoolVar(&asJSON, "json", false, "write a JSON object for the beginning and for the end of each attempt at a step, one a line")
	return command
}

func (p program) runWorker(cmd *cobra.Command, asJSON bool) error {
	var executor runs.Executor
	tell := &attemptTeller{lines: lineWriter{to: cmd.OutOrStdout(), asJSON: asJSON}}
	open := func() (*session, error) {
		return p.openToRun(
			fx.Invoke(func(host hostExecutor) { executor = host.Executor }),
			fx.Decorate(func(host hostObserver) runs.Observer {
				tell.next = host.Observer
				return tell
			}))
	}
	return inSession(cmd, open, func(s *session, interrupts *interrupts) error {
		worker, err := runs.WorkerOf(executor)
		if err != nil {
			return fmt.Errorf("%w; temporal.Executor of the Go module github.com/fxrun/fxrun/temporal "+
				"has one if FXRUN_TEMPORAL_ADDRESS has the address of the Temporal server", err)
		}
		if err := s.makeHomeUnlessInterrupted(cmd, interrupts); err != nil {
			return err
		}
		if _, inHome := s.home.(*homeStore); inHome && !s.ownStore {
			_, _ = fmt.Fprintln(cmd.ErrOrStderr(), "warning: the history is in the home folder, so all workers and launchers must be on this machine; "+
				"FXRUN_STORE names a PostgreSQL database for several machines")
		}
		if err := s.startUnlessInterrupted(cmd, interrupts); err != nil {
			return err
		}
		_, _ = fmt.Fprintf(cmd.ErrOrStderr(), "the worker has started, and executes steps of runs in %s; press Ctrl-C to stop\n", clean(inspect.ClusterText(worker.Place(""))))
		return interrupts.during(func(ctx context.Context) error { return worker.Work(ctx, s.launcher) }, func() {
			_, _ = fmt.Fprintln(cmd.ErrOrStderr(), "stopping: no more steps begin; press Ctrl-C again to quit at once")
		})
	})
}

// attemptTeller writes a line when an attempt at a step begins here, and another one when it
// ends, and lines about the runs that this process has taken over. It is the observer of the
// launcher, and tells the observer of the program.
type attemptTeller struct {
	next  runs.Observer // nil for none
	lines lineWriter
}

// attemptLine is what a line says. It is an object of --json.
type attemptLine struct {
	Run string `json:"run"`
	// Step and Attempt are "" and 0 in the lines about a run that was taken over.
	Step    string `json:"step,omitempty"`
	Attempt int    `json:"attempt,omitempty"`
	// Status is running at the beginning, and how the attempt or the run has ended.
	Status   history.Status `json:"status"`
	Duration time.Duration  `json:"duration_ns,omitempty"`
	Error    string         `json:"error,omitempty"`
}

// Begin tells of an activity.
func (w *attemptTeller) Begin(ctx context.Context, activity runs.Activity) (context.Context, func(runs.Outcome)) {
	inner, done := ctx, func(runs.Outcome) {}
	if w.next != nil {
		if within, told := w.next.Begin(ctx, activity); within != nil {
			inner = within
			if told != nil {
				done = told
			}
		}
	}
	if activity.Kind != runs.ActivityStep && activity.Kind != runs.ActivityRun {
		return inner, done
	}
	line := attemptLine{Run: activity.RunID, Step: activity.Step, Attempt: activity.Attempt, Status: history.StatusRunning}
	w.tell(line)
	began := time.Now()
	return inner, func(outcome runs.Outcome) {
		line.Status, line.Duration = outcome.Status, max(time.Since(began), time.Nanosecond)
		if outcome.Err != nil {
			line.Error = outcome.Err.Error()
		}
		w.tell(line)
		done(outcome)
	}
}

func (w *attemptTeller) tell(line attemptLine) { w.lines.write(line, line.text()) }

// text returns the line for people.
func (l attemptLine) text() string {
	text := "run " + clean(l.Run)
	switch {
	case l.Step == "" && l.Status == history.StatusRunning:
		return text + " is taken over"
	case l.Step != "":
		text += ", step " + clean(l.Step)
		if l.Attempt > 1 {
			text += fmt.Sprintf(", attempt %d", l.Attempt)
		}
	}
	if l.Status == history.StatusRunning {
		return text + " begins"
	}
	return text + " " + told(l.Status) + took(l.Duration) + because(l.Error)
}
