package runs

import (
	"context"
	"errors"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/internal/panics"
)

// Cluster is an executor whose runs go on when the process that has launched them ends: another
// system decides which step is next, and the steps are executed by workers, which record what
// happens in the store that all launchers share.
//
// The launcher that launches a run owns it, as it owns every run: it records the beginning
// and the end of the run, and obeys requests to cancel it. If the process of the owner is
// gone, another launcher with the same cluster adopts the run: it calls Execute again, which
// must find what is under way by the ID of the run and wait for that. See [Launcher.Adopt].
//
// The context of Execute ends with [ErrLeft] as its cause if the run is left to others.
// Execute then returns at once, and changes nothing in the cluster. If the context ends by
// another cause, Execute cancels the run in the cluster, and returns when it has ended there,
// or when [Execution.Owned] ends.
//
// SecretsApart of a Cluster must be false, since workers read the launch from the store.
type Cluster interface {
	Remote
	// Place says where the run with an ID is executed. The history records it before Execute
	// is called. For the zero Cluster the run ends with this process, as it does with every
	// other executor.
	Place(runID string) history.Cluster
}

// Worker is a Cluster that has this process execute steps of the runs of all launchers.
type Worker interface {
	Cluster
	// Work executes steps until ctx ends. It then begins no more steps, and waits a while for
	// those that are under way. It ends the attempts that are not finished then by
	// [ErrWorkerLeaving], so that other workers make them again, and returns nil. An error
	// before the end of ctx says why this process can execute no steps.
	//
	// Work calls [Launcher.RecordedRequest], [Launcher.ExecuteRun] and [Execution.Attempt] for
	// the steps, and [Launcher.Adopt] to take over runs whose owner is gone. The launcher must
	// have the store and the locks of those that launch the runs.
	Work(ctx context.Context, launcher *Launcher) error
}

// ErrLeft is the cause with which the context of a run on a [Cluster] ends when this process
// leaves the run to others, because the launcher is being closed, or because another one has
// adopted the run. The error of [Run.Wait] then matches it, and the run goes on.
var ErrLeft = errors.New("the run goes on without this process")

// ErrWorkerLeaving is matched by the error of [Execution.Attempt] if this worker begins no
// more steps: another one must make the attempt.
//
// It is also the cause by which a worker ends the context of an attempt that another worker is
// to make instead. The attempt is then recorded as failed and interrupted, and not as
// cancelled.
var ErrWorkerLeaving = errors.New("this worker begins no more steps, so another one has to execute them")

// ErrUnopened is matched by the error of [Execution.Attempt] if the resources of the run could
// not be started on this worker. Nothing has been executed, and the run fails by it.
var ErrUnopened = errors.New("the resources of the run could not be started")

// clusterOf returns where the executor of this launcher executes a run; the zero Cluster if
// the run ends with this process.
func (l *Launcher) clusterOf(id string) (place history.Cluster, err error) {
	cluster, ok := l.config.Executor.(Cluster)
	if !ok {
		return history.Cluster{}, nil
	}
	err = panics.Guard(func() error {
		place = cluster.Place(id)
		return nil
	})
	return place, err
}

// starting returns the event that a run begins here.
func (l *Launcher) starting(launch launch, own owner) (history.RunStarting, error) {
	event := launch.starting(own)
	place, err := l.clusterOf(launch.id)
	if err != nil || place == (history.Cluster{}) {
		return event, err
	}
	event.Cluster, event.Plan = place, fingerprint(launch.plan, launch.child.Preview())
	return event, nil
}

// isCancellation reports whether an attempt that ends by a cause is over for good, and not
// only here.
func isCancellation(cause error) bool {
	return errors.Is(cause, context.Canceled) || errors.Is(cause, ErrCancelled) || errors.Is(cause, ErrTimedOut)
}
