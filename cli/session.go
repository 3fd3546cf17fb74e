package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/spf13/cobra"
	"go.uber.org/fx"

	"github.com/fxrun/fxrun"
	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/automation"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/inspect"
	"github.com/fxrun/fxrun/internal/child"
	"github.com/fxrun/fxrun/internal/host"
	"github.com/fxrun/fxrun/internal/panics"
	"github.com/fxrun/fxrun/locks"
	"github.com/fxrun/fxrun/runs"
)

// session holds the application of the program during one command.
type session struct {
	app         *fx.App
	lifecycle   lifecycle
	container   *container.Container
	graph       *assets.Graph
	launcher    *runs.Launcher
	automations *automation.Automations
	inspect     *inspect.Inspector
	home        keptHistory // nil if the command does not use the history
	ownStore    bool        // whether the definitions provide a store, which may need the hooks of the application
	started     bool
}

// open builds the application without a history.
func (p program) open() (*session, error) {
	return p.build(new(session), fx.Decorate(func() history.Store { return history.NewMemoryStore() }))
}

type hostStore struct {
	fx.In

	Store history.Store `optional:"true"`
	Locks locks.Locker  `optional:"true"` // built with the store, since a database may have both
}

type hostExecutor struct {
	fx.In

	Executor runs.Executor `optional:"true"`
}

// openToRun builds the application with the store of the definitions, or with the
// store in the home folder if they have none.
func (p program) openToRun(options ...fx.Option) (*session, error) {
	return p.buildWithHistory(new(session), options...)
}

func (p program) buildWithHistory(s *session, options ...fx.Option) (*session, error) {
	var err error
	if s.home, err = openHistory(p.store, fxrun.Home()); err != nil {
		return nil, err
	}
	decorated := fx.Decorate(func(host hostStore) (history.Store, locks.Locker, error) {
		switch {
		case host.Store == nil && host.Locks == nil:
			return s.home, s.home.locks(), nil
		case host.Store == nil:
			return s.home, host.Locks, nil
		case p.store != nil && *p.store != "":
			return nil, nil, invalid("reading the flags", "--store works only with the built-in history, but this program provides another one")
		}
		s.ownStore = true
		return host.Store, host.Locks, nil
	})
	return p.build(s, append(options, decorated)...)
}

type hostLevel struct {
	fx.In

	Level fxrun.LogLevel `optional:"true"`
}

// keepLines changes the lowest level of the log lines that the history keeps.
func keepLines(change func(own slog.Level) slog.Level) fx.Option {
	return fx.Decorate(func(host hostLevel) fxrun.LogLevel { return fxrun.LogLevel(change(slog.Level(host.Level))) })
}

func (p program) build(s *session, options ...fx.Option) (_ *session, err error) {
	const doing = "building the application"
	defer func() {
		if recovered := recover(); recovered != nil {
			err = fmt.Errorf("%s: %w", doing, panics.Recovered(recovered))
		}
	}()
	s.app = fx.New(
		host.Quiet,             // first, so that a logger of the definitions replaces it
		fx.Options(options...), // before the definitions, so that their invocations come first
		fxrun.Module,
		fx.Options(p.definitions...),
		fx.Decorate(func(lc fx.Lifecycle) fx.Lifecycle {
			s.lifecycle.Lifecycle = lc
			return &s.lifecycle
		}),
		fx.Populate(&s.container, &s.graph, &s.launcher, &s.automations),
	)
	if err := s.app.Err(); err != nil {
		return nil, errors.Join(host.BuildError(doing, err), s.closeHome())
	}
	if err := (*child.Parent)(s.container).Graph().CheckOptions(p.definitions); err != nil {
		return nil, errors.Join(err, s.closeHome())
	}
	s.inspect = inspect.New(s.container, s.graph, s.history())
	return s, nil
}

// inSession builds a session, calls do with it and closes it, for a command that starts
// things. Such a command must stop them also after requests to stop, and after the reader
// of its output has ended.
func inSession(cmd *cobra.Command, build func() (*session, error), do func(*session, *interrupts) error) error {
	interrupts := listen(cmd.Context())
	defer interrupts.close()
	interrupts.survivePipe()
	s, err := interrupts.open(build)
	if err != nil {
		return err
	}
	return s.closeAfter(cmd, interrupts, do(s, interrupts))
}

// start calls the start hooks of the application. If ctx ends before all of them
// have been called, it stops what has started.
func (s *session) start(ctx context.Context) error {
	if err := s.lifecycle.start(ctx, s.app); err != nil {
		return fmt.Errorf("starting the application: %w", err)
	}
	s.started = true
	return nil
}

// startUnlessInterrupted calls start. After the first request to stop, the error is
// errInterrupted.
func (s *session) startUnlessInterrupted(cmd *cobra.Command, interrupts *interrupts) error {
	return interrupts.during(func(ctx context.Context) error {
		err := s.start(ctx)
		if ctx.Err() != nil {
			return errInterrupted
		}
		return err
	}, noteStopping(cmd))
}

// closeAfter closes the session after work that has ended with err, and joins the
// errors. If err is errAbandoned, it does not close the session, since it would
// have to wait for the work.
func (s *session) closeAfter(cmd *cobra.Command, interrupts *interrupts, err error) error {
	if errors.Is(err, errAbandoned) {
		return err
	}
	closing := interrupts.during(func(context.Context) error { return s.close() }, noteStopping(cmd))
	return errors.Join(err, closing)
}

// noteStopping writes that the command waits for the application.
func noteStopping(cmd *cobra.Command) func() {
	return func() {
		_, _ = fmt.Fprintln(cmd.ErrOrStderr(), "stopping: waiting for the application; press Ctrl-C again to quit at once")
	}
}

// close stops what was started. It does not use the context of the command, which
// may have ended.
func (s *session) close() error {
	var err error
	if s.started {
		ctx, cancel := context.WithTimeout(context.Background(), s.app.StopTimeout())
		defer cancel()
		if err = s.app.Stop(ctx); err != nil {
			err = fmt.Errorf("stopping the application: %w", err)
		}
	}
	return errors.Join(err, s.closeHome())
}

func (s *session) closeHome() error {
	if s.home == nil {
		return nil
	}
	return s.home.Close()
}

func (s *session) history() history.Store { return s.launcher.Store() }
