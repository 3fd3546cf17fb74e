package cli

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/internal/fault"
	"github.com/fxrun/fxrun/runs"
)

type workFlags struct {
	maxRuns    int
	executed   executorFlags
	untilEmpty bool
	asJSON     bool
}

func (p program) workCommand() *cobra.Command {
	var flags workFlags
	command := &cobra.Command{
		Use:   "work",
		Short: "Execute the queued runs, until an interrupt",
		Long: "Execute the queued runs: those of run --queue, and those that policies for failures\n" +
			"and crashes queue. Any number of processes may work at the same time, and each run is\n" +
			"executed by one of them. The run with the highest priority comes first, and of equal\n" +
			"ones the first that was queued, if the limits have a place for it.\n\n" + limitsHelp + "\n\n" +
			"After an interrupt no more runs are taken. Those that are being executed are cancelled\n" +
			"after the stop timeout of the application. With --until-empty the exit code is 1 if one\n" +
			"of the runs did not succeed. With --json each line is an object.",
		Example:           "  PROGRAM runs work\n  PROGRAM run --job nightly --queue && PROGRAM runs work --until-empty",
		Args:              noArguments,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              func(cmd *cobra.Command, _ []string) error { return p.work(cmd, flags) },
	}
	registerMaxRuns(command, &flags.maxRuns)
	flags.executed.registerPlace(command)
	command.Flags().BoolVar(&flags.untilEmpty, "until-empty", false, "end when there are no more queued runs")
	command.Flags().BoolVar(&flags.asJSON, "json", false, "write a JSON object for the beginning and for the end of each run, one a line")
	refuseServer(command)
	return command
}

// registerMaxRuns registers the flag for the number of runs that are taken from the queue.
func registerMaxRuns(command *cobra.Command, maxRuns *int) {
	command.Flags().IntVarP(maxRuns, "max-runs", "m", 0, "execute at most `N` queued runs at the same time in this process (default: four for each processor)")
}

func maxRunsFaults(cmd *cobra.Command, maxRuns int) []error {
	if maxRuns < 0 || maxRuns == 0 && cmd.Flags().Changed("max-runs") {
		return []error{fmt.Errorf("--max-runs %d: it must be at least 1", maxRuns)}
	}
	return nil
}

// limitsHelp is the help about limits.
const limitsHelp = `The environment variable FXRUN_LIMITS limits what all processes with the same
history do at the same time: runs, runs with a tag, and steps in a pool. It holds YAML:
  FXRUN_LIMITS='{runs: 4, tags: {team=sales: 2, customer: 1}, pools: {warehouse: 3}}'`

func (p program) work(cmd *cobra.Command, flags workFlags) error {
	faults := append(flags.executed.faults(cmd), maxRunsFaults(cmd, flags.maxRuns)...)
	if err := fault.Join("reading the flags", faults); err != nil {
		return err
	}
	return inSession(cmd, func() (*session, error) { return p.openToRun(flags.executed.executor(cmd)) },
		func(s *session, interrupts *interrupts) error { return s.work(cmd, interrupts, flags) })
}

// work takes queued runs and tells of their beginnings and ends.
func (s *session) work(cmd *cobra.Command, interrupts *interrupts, flags workFlags) error {
	if err := s.makeHomeUnlessInterrupted(cmd, interrupts); err != nil {
		return err
	}
	if err := s.startUnlessInterrupted(cmd, interrupts); err != nil {
		return err
	}
	tell := workTeller{lines: lineWriter{to: cmd.OutOrStdout(), asJSON: flags.asJSON}, store: s.history()}
	err := interrupts.during(func(ctx context.Context) error {
		return s.launcher.Work(ctx, runs.WorkOptions{MaxRuns: flags.maxRuns, UntilEmpty: flags.untilEmpty, Taken: tell.taken})
	}, func() {
		_, _ = fmt.Fprintln(cmd.ErrOrStderr(), "stopping: no more runs are taken; press Ctrl-C again to quit at once")
	})
	if err == nil {
		err = interrupts.during(func(context.Context) error { return s.endWork(&tell) }, func() {})
	}
	if err != nil {
		return err
	}
	if id := tell.failed.Load(); id != nil && flags.untilEmpty {
		cmd.SilenceErrors = true // the lines say it
		return &unsuccessful{*id, history.StatusFailed}
	}
	return nil
}

// endWork waits for the runs that are being executed, and cancels them after the stop timeout.
// The application has its own stop timeout after that.
func (s *session) endWork(tell *workTeller) error {
	ctx, cancel := context.WithTimeout(context.Background(), s.app.StopTimeout())
	defer cancel()
	err := s.launcher.Close(ctx)
	tell.followed.Wait()
	return err
}

// workTeller writes a line when a run begins, and another one when it ends.
type workTeller struct {
	lines    lineWriter
	store    history.Store
	followed sync.WaitGroup
	failed   atomic.Pointer[string] // the ID of a run that did not succeed
}

// workLine is what a line says. It is an object of --json.
type workLine struct {
	Run string `json:"run"`
	// Status is starting when the run begins, and how it has ended. A run that is left to
	// other processes is queued.
	Status     history.Status `json:"status,omitempty"`
	Duration   time.Duration  `json:"duration_ns,omitempty"`
	RepeatedBy string         `json:"repeated_by,omitempty"`
	// Error is why the end is not known.
	Error string `json:"error,omitempty"`

	text string // for people
}

func (w *workTeller) taken(run *runs.Run) {
	w.tell(workLine{Run: run.ID(), Status: history.StatusStarting, text: "begins"})
	w.followed.Go(func() { w.follow(run) })
}

// follow waits for the end of a run, and then for that of its repetition.
func (w *workTeller) follow(run *runs.Run) {
	for ; run != nil; run = run.RetriedBy() {
		<-run.Done()
		record, err := history.Find(context.Background(), w.store, run.ID())
		line := workLine{Run: run.ID(), Status: record.Status, Duration: record.Duration}
		switch next := run.RetriedBy(); {
		case err != nil:
			line.Error, line.text = err.Error(), "has ended: "+err.Error()
		case next != nil:
			line.RepeatedBy, line.text = next.ID(), told(record.Status)+", and is repeated as "+next.ID()
		case !record.Status.Finished():
			line.text = "is left to other processes"
		default:
			line.text = told(record.Status) + " after " + runTime(record)
			if record.Status != history.StatusSucceeded {
				id := run.ID()
				w.failed.Store(&id)
			}
		}
		w.tell(line)
	}
}

func (w *workTeller) tell(line workLine) {
	w.lines.write(line, "run "+clean(line.Run)+" "+clean(line.text))
}
