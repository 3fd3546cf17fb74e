package temporal

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"google.golang.org/grpc/codes"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/internal/fault"
	"github.com/fxrun/fxrun/runs"
)

// Cluster executes runs on the workers of a task queue of Temporal. It is safe for concurrent use.
type Cluster struct {
	config     Config
	placements int
	events     int // that the history of a workflow may have
	client     client.Client
	logger     *slog.Logger
	reached    atomic.Bool // Temporal has answered before
}

var (
	_ runs.Worker      = (*Cluster)(nil)
	_ runs.PlanChecker = (*Cluster)(nil)
)

// New returns the cluster of a config, whose Address is required. It connects when it is first
// used, so an address where nobody listens is no error of New. An error because of the config,
// or of a file that it names, matches container.ErrInvalid.
//
// The logger gets warnings, for instance that Temporal can't be reached. With nil they are
// discarded. The caller closes the cluster, after the launchers that use it.
func New(config Config, logger *slog.Logger) (*Cluster, error) {
	config, err := config.read()
	if err != nil {
		return nil, err
	}
	if config.Address == "" {
		return nil, fault.Join("making a cluster", []error{errors.New("the address of Temporal is missing: set " + prefix + "_ADDRESS")})
	}
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	c := &Cluster{config: config, logger: logger, events: maxEvents}
	if c.placements, err = parsePlacement(config.Placement); err != nil {
		return nil, err
	}
	if c.client, err = config.newClient(logger); err != nil {
		return nil, err
	}
	return c, nil
}

// Close closes the connection to Temporal. Runs on the cluster go on.
func (c *Cluster) Close() { c.client.Close() }

// SecretsApart reports that secrets can't be given literally at launch: a worker reads the config of
// a run from the history, and secrets from its environment.
func (*Cluster) SecretsApart() bool { return false }

// Place says where a run is executed: the address and the namespace of Temporal, and the
// run's page there if Config.UI is set.
func (c *Cluster) Place(runID string) history.Cluster {
	place := history.Cluster{Name: "temporal", Place: c.config.Address + "/" + c.config.Namespace}
	if c.config.UI != "" {
		place.Page = strings.TrimSuffix(c.config.UI, "/") + "/namespaces/" + url.PathEscape(c.config.Namespace) + "/workflows/" + url.PathEscape(runID)
	}
	return place
}

// CheckPlan refuses a plan that is too large for Temporal: see [MaxSteps] and [MaxPlan].
func (*Cluster) CheckPlan(of *assets.Plan) error {
	_, err := newPlan(of)
	return err
}

// Execute has the workers execute the steps of a run. It starts the workflow of the run, or goes on with the
// one that another process has started, and returns after the workflow has ended. It may be cancelled
// by the run, and also by a client of Temporal.
func (c *Cluster) Execute(ctx context.Context, execution *runs.Execution) error {
	planned, err := newPlan(execution.Plan())
	if err != nil {
		return fmt.Errorf("executing run %s on Temporal: %w", execution.RunID(), err)
	}
	planned.Placements, planned.Heartbeat, planned.Priority, planned.Events = c.placements, c.config.Heartbeat, priorityOf(execution), c.events
	if err := execution.Begin(ctx); err != nil {
		return err
	}
	living, stop := context.WithCancel(execution.Owned())
	defer stop()
	run, err := c.start(ctx, execution, planned)
	if err != nil && ctx.Err() != nil && living.Err() == nil {
		run, err = c.underWay(living, execution.RunID())
	}
	if run != nil {
		var following sync.WaitGroup
		following.Go(func() { execution.Follow(living) })
		err = c.outcome(ctx, execution, c.await(ctx, living, execution, run))
		stop()
		following.Wait()
	}
	if left := context.Cause(execution.Owned()); left != nil {
		return left
	}
	return execution.Settle(ctx, err)
}

// priorityOf returns the priority of a run in Temporal, where 1 is the highest and 5 the lowest. Zero is
// that of a run without a priority.
func priorityOf(execution *runs.Execution) int {
	number := execution.Priority()
	if number == 0 {
		return 0
	}
	return 3 - max(-2, min(2, number))
}

// startWithin is how long a run waits for a Temporal that has never answered this process.
const startWithin = 30 * time.Second

// start starts the workflow of a run, or finds it. If Temporal has answered before, the address is right, and the
// run may be under way: start then waits until Temporal is there again.
func (c *Cluster) start(ctx context.Context, execution *runs.Execution, planned plan) (run client.WorkflowRun, err error) {
	runID := execution.RunID()
	if !c.reached.Load() {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, startWithin)
		defer cancel()
	}
	err = c.persist(ctx, "starting the workflow of run "+runID, func() (err error) {
		if deadline, ok := execution.Deadline(); ok {
			planned.Timeout = max(1, time.Until(deadline))
		}
		run, err = c.client.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
			ID: runID, TaskQueue: c.config.TaskQueue,
			WorkflowIDReusePolicy:    enums.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE,
			WorkflowIDConflictPolicy: enums.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		}, workflowName, planned)
		return err
	})
	if err != nil && (isAnswer(err) || isDoubtful(err)) {
		return nil, fmt.Errorf("starting the workflow of run %s: Temporal at %s, namespace %s: %w", runID, c.config.Address, c.config.Namespace, err)
	}
	return run, err
}

// underWay finds the workflow of a run that was cancelled before its workflow was started here. Another
// process may have started it, or the answer of Temporal was not waited for. It returns nil if there
// is no workflow, and gives up after a while: a worker that can't reach Temporal stops by itself.
func (c *Cluster) underWay(ctx context.Context, runID string) (client.WorkflowRun, error) {
	within, cancel := context.WithTimeout(ctx, c.config.Heartbeat)
	defer cancel()
	var found *workflowservice.DescribeWorkflowExecutionResponse
	err := c.persist(within, "looking for the workflow of run "+runID, func() (err error) {
		found, err = c.client.DescribeWorkflowExecution(within, runID, "")
		if codeOf(err) == codes.NotFound {
			return nil
		}
		return err
	})
	if err != nil || found == nil {
		return nil, err
	}
	return c.client.GetWorkflow(ctx, runID, found.GetWorkflowExecutionInfo().GetExecution().GetRunId()), nil
}

// await waits for the end of a workflow. It passes on that the run is cancelled, or told to drain.
func (c *Cluster) await(ctx, living context.Context, execution *runs.Execution, run client.WorkflowRun) error {
	ended := make(chan error, 1)
	ordering, over := context.WithCancel(living) // an order to a workflow that has ended is of no use
	defer over()
	go func() {
		ended <- c.result(living, run)
		over()
	}()
	cancelled, draining := ctx.Done(), execution.Draining()
	look := time.NewTicker(c.config.Heartbeat)
	defer look.Stop()
	for alone := (lonely{}); ; {
		var err error
		select {
		case err := <-ended:
			return err
		case <-draining:
			draining = nil
			err = c.persist(ordering, "having the workflow drain", func() error {
				return c.client.SignalWorkflow(ordering, run.GetID(), "", drainSignal, nil)
			})
		case <-cancelled:
			if errors.Is(context.Cause(ctx), runs.ErrLeft) {
				return context.Cause(ctx)
			}
			if cancelled == ctx.Done() && errors.Is(context.Cause(ctx), runs.ErrTimedOut) { // the workflow ends the run by itself
				late, stop := context.WithTimeout(living, c.config.Heartbeat)
				defer stop()
				cancelled = late.Done()
				continue
			}
			cancelled, alone = nil, lonely{}
			err = c.persist(ordering, "cancelling the workflow", func() error { return c.client.CancelWorkflow(ordering, run.GetID(), "") })
		case <-look.C:
			if alone = c.alone(living, run, alone); alone.looks == 2 && cancelled != nil {
				c.warnOfNobody(ctx, execution)
			}
			if alone.looks >= 2 && cancelled == nil {
				err = c.client.TerminateWorkflow(living, run.GetID(), "", "the run was cancelled, and there is no worker")
			}
		}
		if err != nil && codeOf(err) != codes.NotFound && ordering.Err() == nil { // else it has ended
			c.logger.Warn("Temporal has refused an order", "run", run.GetID(), "error", err)
		}
	}
}

// warnOfNobody says in the log of the run that no worker has taken it yet.
func (c *Cluster) warnOfNobody(ctx context.Context, execution *runs.Execution) {
	_ = execution.Record(ctx, history.Event{RunID: execution.RunID(), Data: history.LogWritten{
		Level: slog.LevelWarn, Message: "the run waits for a worker with a free place",
		Attrs: history.Attrs{
			{Name: "temporal", Value: c.config.Address}, {Name: "namespace", Value: c.config.Namespace}, {Name: "task_queue", Value: c.config.TaskQueue},
		},
	}}) // a run that can't keep its history ends by that
}

// result returns how a workflow has ended, however long Temporal can't be reached.
func (c *Cluster) result(ctx context.Context, run client.WorkflowRun) error {
	var got result
	err := c.persist(ctx, "waiting for the workflow of run "+run.GetID(), func() error { return run.Get(ctx, &got) })
	if err != nil {
		return err
	}
	return got.err()
}

// outcome returns why a run has failed, other than by its steps.
func (c *Cluster) outcome(ctx context.Context, execution *runs.Execution, err error) error {
	var told result
	failed, isFailed := errors.AsType[*temporal.ApplicationError](err)
	terminated, isTerminated := errors.AsType[*temporal.TerminatedError](err)
	switch {
	case isFailed && failed.Type() == failedError && failed.Details(&told) == nil:
		if told.TimedOut {
			execution.TimedOut()
		}
		return told.err()
	case temporal.IsCanceledError(err) && ctx.Err() == nil:
		execution.Cancelled("the workflow was cancelled in Temporal")
		return nil
	case temporal.IsCanceledError(err), isTerminated && ctx.Err() != nil:
		return nil
	case isTerminated:
		// So that the workers notice it, and record what they stop.
		select {
		case <-ctx.Done():
		case <-time.After(c.config.Heartbeat / 2):
		}
		return fmt.Errorf("the workflow of the run was ended in Temporal: %w", terminated)
	}
	return err
}

// err returns why the run has failed, other than by its steps.
func (r result) err() error {
	var errs []error
	if r.Fault != "" {
		errs = append(errs, errors.New(r.Fault))
	}
	for _, one := range r.Refused {
		errs = append(errs, fmt.Errorf("executing step %s: %s", one.Step, one.Error))
	}
	for _, text := range r.Close {
		errs = append(errs, errors.New(text))
	}
	return errors.Join(errs...)
}

// doubtFor is how long an answer is asked for again that Temporal gives too soon after its start: it may
// not yet know its namespaces and workflows, or who may use them.
const doubtFor = 5 * time.Second

// persist repeats a call of Temporal until Temporal answers it.
func (c *Cluster) persist(ctx context.Context, what string, call func() error) error {
	const soon, late = 100 * time.Millisecond, 5 * time.Second
	var doubted time.Time
	for wait := soon; ; wait = min(2*wait, late) {
		err := call()
		if err == nil || isAnswer(err) {
			c.reached.Store(true)
			return err
		}
		if isDoubtful(err) {
			if doubted.IsZero() {
				doubted = time.Now()
			}
			if time.Since(doubted) >= doubtFor {
				c.reached.Store(true)
				return err
			}
			wait = min(wait, doubtFor/10)
		} else {
			doubted = time.Time{}
		}
		if wait == late {
			c.logger.Warn("Temporal can't be reached", "address", c.config.Address, "for", what, "error", err)
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			if cause := context.Cause(ctx); !errors.Is(cause, context.DeadlineExceeded) {
				return cause
			}
			return fmt.Errorf("%s: reaching Temporal at %s: %w", what, c.config.Address, err)
		case <-timer.C:
		}
	}
}

// isAnswer reports whether an error is an answer of Temporal that another call would not change.
func isAnswer(err error) bool {
	if _, ended := errors.AsType[*temporal.WorkflowExecutionError](err); ended {
		return true
	}
	return slices.Contains(answers, codeOf(err))
}

// answers are the codes of errors that another call would not change.
var answers = []codes.Code{
	codes.InvalidArgument, codes.AlreadyExists, codes.Unauthenticated, codes.FailedPrecondition, codes.Unimplemented, codes.OutOfRange,
}

// isDoubtful reports whether an error is an answer of Temporal that another call may change soon after a
// start of Temporal.
func isDoubtful(err error) bool {
	code := codeOf(err)
	return code == codes.NotFound || code == codes.PermissionDenied
}

func codeOf(err error) codes.Code { return serviceerror.ToStatus(err).Code() }

// parallel returns how many steps one worker executes at the same time.
func (c Config) parallel() int {
	if c.MaxParallel > 0 {
		return c.MaxParallel
	}
	return 4 * runtime.GOMAXPROCS(0)
}
