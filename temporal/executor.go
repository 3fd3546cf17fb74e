package temporal

import (
	"cmp"
	"context"
	"log/slog"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/runs"
)

// Executor provides a runs.Executor to an Fx application: a [Cluster] that is closed when the
// application stops. Without an address, in the config or in FXRUN_TEMPORAL_ADDRESS, it is
// runs.InProcess, so that a program runs without Temporal too. A config that is wrong ends the
// start of the application, with an error that matches container.ErrInvalid.
//
// Warnings, for instance that Temporal can't be reached, go to the *slog.Logger of the
// application. Without one they go to slog.Default, since a worker that waits for Temporal
// would otherwise be silent.
//
// The command worker of package cli has the process execute steps. Another program calls
// [Cluster.Work].
func Executor(config Config) fx.Option {
	return fx.Module("temporal", fx.Provide(func(p params) (runs.Executor, error) {
		read, err := config.read()
		if err != nil {
			return nil, err
		}
		if read.Address == "" {
			return runs.InProcess(runs.InProcessConfig{MaxParallel: read.MaxParallel}), nil
		}
		cluster, err := New(config, cmp.Or(p.Logger, slog.Default()))
		if err != nil {
			return nil, err
		}
		p.Lifecycle.Append(fx.Hook{OnStop: func(context.Context) error {
			cluster.Close()
			return nil
		}})
		return cluster, nil
	}))
}

type params struct {
	fx.In

	Lifecycle fx.Lifecycle
	Logger    *slog.Logger `optional:"true"`
}
