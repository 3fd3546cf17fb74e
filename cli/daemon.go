package cli

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/spf13/cobra"
	"go.uber.org/fx"

	"github.com/fxrun/fxrun"
	"github.com/fxrun/fxrun/automation"
	"github.com/fxrun/fxrun/internal/fault"
)

type daemonFlags struct {
	maxRuns  int
	executed executorFlags
	noRuns   bool
	verbose  bool
}

func (p program) daemonCommand() *cobra.Command {
	var flags daemonFlags
	command := &cobra.Command{
		Use:   "daemon",
		Short: "Tick the schedules and sensors, and execute the runs that they ask for",
		Long: "Tick the schedules and sensors, and execute the runs that they ask for, until the\n" +
			"command is interrupted. Of several daemons with the same history one ticks, and the\n" +
			"others wait until it is gone.\n\n" +
			"An interrupt (Ctrl-C, or SIGTERM) lets running ticks and runs end. A second one ends\n" +
			"the command at once. The next daemon goes on where this one has stopped, also after a\n" +
			"crash: no run is made twice, and none is lost.",
		Example:           "  PROGRAM daemon\n  PROGRAM daemon --max-runs 4 --isolate step",
		Args:              noArguments,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              func(cmd *cobra.Command, _ []string) error { return p.runDaemon(cmd, flags) },
	}
	registerMaxRuns(command, &flags.maxRuns)
	flags.executed.registerPlace(command)
	command.Flags().BoolVar(&flags.noRuns, "no-runs", false, "only queue the runs, and leave them to other processes")
	command.Flags().BoolVarP(&flags.verbose, "verbose", "v", false, "also write the debug lines of ticks")
	return command
}

type hostDaemon struct {
	fx.In

	Config automation.DaemonConfig `optional:"true"`
	Logger *slog.Logger            `optional:"true"`
}

func (p program) runDaemon(cmd *cobra.Command, flags daemonFlags) error {
	faults := append(flags.executed.faults(cmd), maxRunsFaults(cmd, flags.maxRuns)...)
	if err := fault.Join("reading the flags", faults); err != nil {
		return err
	}
	level := slog.LevelInfo
	if flags.verbose {
		level = slog.LevelDebug
	}
	own := slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), &slog.HandlerOptions{Level: level}))
	config := fx.Decorate(func(host hostDaemon) automation.DaemonConfig {
		if host.Config.Logger == nil && host.Logger == nil {
			host.Config.Logger = own
		}
		if flags.maxRuns > 0 {
			host.Config.MaxRuns = flags.maxRuns
		}
		if flags.noRuns {
			host.Config.MaxRuns = -1
		}
		return host.Config
	})
	open := func() (*session, error) { return p.openToRun(config, fxrun.Daemon, flags.executed.executor(cmd)) }
	return inSession(cmd, open, func(s *session, interrupts *interrupts) error {
		if len(s.automations.Descriptions()) == 0 {
			return invalid("starting the daemon", "no schedules and no sensors are defined: automation.NewSchedule and automation.NewSensor make them")
		}
		if err := s.makeHomeUnlessInterrupted(cmd, interrupts); err != nil {
			return err
		}
		if err := s.startUnlessInterrupted(cmd, interrupts); err != nil {
			return err
		}
		_, _ = fmt.Fprintf(cmd.ErrOrStderr(), "the daemon has started, schedules and sensors: %d; press Ctrl-C to stop\n", len(s.automations.Descriptions()))
		<-interrupts.ctx.Done()
		return nil
	})
}

// makeHomeUnlessInterrupted is makeHome, which a request to stop ends.
func (s *session) makeHomeUnlessInterrupted(cmd *cobra.Command, interrupts *interrupts) error {
	return interrupts.during(func(ctx context.Context) error {
		if err := s.makeHome(ctx); err != nil {
			return interruptedOr(ctx, err)
		}
		return nil
	}, noteStopping(cmd))
}

// makeHome makes the history in the home, if the program has no other one.
func (s *session) makeHome(ctx context.Context) error {
	if s.home == nil || s.ownStore {
		return nil
	}
	return s.home.make(ctx)
}
