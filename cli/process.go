package cli

import (
	"context"
	"errors"

	"github.com/spf13/cobra"
	"go.uber.org/fx"

	"github.com/fxrun/fxrun"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/locks"
	"github.com/fxrun/fxrun/runs"
	"github.com/fxrun/fxrun/runs/processes"
)

// processCommand is the command of the processes that run --isolate starts. It is not for
// people.
func (p program) processCommand() *cobra.Command {
	var flags runFlags
	command := &cobra.Command{
		Use: processes.Argument, Hidden: true, Short: "Execute steps for a run of another process",
		Args: cobra.ArbitraryArgs, ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error { return p.executeSteps(cmd, args, flags) },
	}
	command.Flags().BoolVar(&flags.verbose, "verbose", false, "as for run")
	command.Flags().StringVar(&flags.logLevel, "log-level", "", "as for run")
	return command
}

// executeSteps executes what another process asks for. The application is started and
// stopped as for run, but its history is not opened: the other process writes it.
func (p program) executeSteps(cmd *cobra.Command, args []string, flags runFlags) error {
	level, err := flags.level()
	if err != nil {
		return err
	}
	return processes.Work(cmd.Context(), args, func(ctx context.Context, execute func(*runs.Launcher) error) error {
		s, err := p.openToExecute(level)
		if err != nil {
			return err
		}
		if err := s.start(ctx); err != nil {
			return errors.Join(err, s.close())
		}
		return errors.Join(execute(s.launcher), s.close())
	})
}

// openToExecute builds the application without its history, but with the locks that belong
// to it, since all processes share the places in pools.
func (p program) openToExecute(options ...fx.Option) (*session, error) {
	home, err := openHistory(p.store, fxrun.Home())
	if err != nil {
		return nil, err
	}
	decorated := fx.Decorate(func(host hostStore) (history.Store, locks.Locker) {
		if host.Locks != nil {
			return history.NewMemoryStore(), host.Locks
		}
		return history.NewMemoryStore(), home.locks()
	})
	return p.build(&session{home: home}, append(options, decorated)...)
}

// levelFlags are the flags that the command fxrun-work gets from run.
func (f runFlags) levelFlags() []string {
	switch {
	case f.logLevel != "":
		return []string{"--log-level=" + f.logLevel}
	case f.verbose:
		return []string{"--verbose"}
	}
	return nil
}
