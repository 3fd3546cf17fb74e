package fxrun

import (
	"context"
	"log/slog"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/automation"
	"github.com/fxrun/fxrun/runs"
)

// Daemon makes an application that has [Module] tick its schedules and sensors, from its
// start to its stop, and execute the runs that they ask for. Of all applications with the
// same history one ticks, and the others wait until it is gone.
//
// If the application provides an automation.DaemonConfig, its MaxParallel, MaxRuns, Ticked,
// Drain and Logger are used. The history of schedules and sensors is in the history.Store of
// the application: without one it is in memory, and a restart forgets what was done.
var Daemon = fx.Module("fxrun.daemon", fx.Provide(newDaemon), fx.Invoke(func(*automation.Daemon) {}))

type daemonParams struct {
	fx.In

	Lifecycle   fx.Lifecycle
	Automations *automation.Automations
	Launcher    *runs.Launcher
	Locks       *hostLocks
	Logger      *slog.Logger            `optional:"true"`
	Config      automation.DaemonConfig `optional:"true"`
}

func newDaemon(p daemonParams) (*automation.Daemon, error) {
	config := p.Config
	config.Automations, config.Launcher, config.Locks = p.Automations, p.Launcher, p.Locks.Locker
	if config.Logger == nil {
		config.Logger = p.Logger
	}
	daemon, err := automation.NewDaemon(config)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	p.Lifecycle.Append(fx.Hook{
		OnStart: func(context.Context) error {
			go func() { done <- daemon.Run(ctx) }()
			return nil
		},
		OnStop: func(stop context.Context) error {
			cancel()
			select {
			case err := <-done:
				return err
			case <-stop.Done():
				return stop.Err()
			}
		},
	})
	return daemon, nil
}
