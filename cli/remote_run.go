package cli

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/inspect"
	"github.com/fxrun/fxrun/internal/fault"
	"github.com/fxrun/fxrun/internal/panics"
	"github.com/fxrun/fxrun/runs"
	"github.com/fxrun/fxrun/server/api"
	"github.com/fxrun/fxrun/server/client"
)

// connectToRun is connect for a command that executes runs without a server. It refuses the
// flags that say how this process executes them.
func (p program) connectToRun(cmd *cobra.Command) (*remote, error) {
	server, err := p.connect(cmd)
	if server == nil || err != nil {
		return nil, err
	}
	var faults []error
	for _, name := range []string{"parallel", "isolate", "grace", "log-level"} {
		if cmd.Flags().Changed(name) {
			faults = append(faults, fmt.Errorf("--%s: the server decides this for the runs that it executes", name))
		}
	}
	if err := fault.Join("reading the flags", faults); err != nil {
		server.Close()
		return nil, err
	}
	return server, nil
}

// run launches a run on the server, or checks a launch, as the flags ask.
func (r *remote) run(cmd *cobra.Command, request runs.Request, config api.LaunchConfig, flags runFlags) error {
	return inServer(cmd, func(interrupts *interrupts) error {
		sent := api.LaunchRequest{LaunchConfig: config, LaunchPolicy: policyOf(cmd, request, flags)}
		var launched api.Launched
		err := interrupts.calling(func(ctx context.Context) (err error) {
			if request, err = r.withDefault(ctx, request); err != nil {
				return err
			}
			sent.Job, sent.Select = request.Job, request.Selection
			if flags.dryRun {
				launched.Launch, err = r.CheckLaunch(ctx, sent)
				return err
			}
			return nil
		})
		if err == nil && !flags.dryRun {
			err = interrupts.launching(func(ctx context.Context) (err error) {
				launched, err = r.Launch(ctx, sent)
				return err
			})
		}
		warnOfLaunch(cmd, launched.Launch, err)
		switch {
		case err != nil:
			return err
		case flags.dryRun:
			return showLaunch(cmd, launched.Launch, request.Config, inspect.FaultsError(launched.Launch.Doing, launched.Launch.Faults), flags.json)
		}
		return r.launched(cmd, interrupts, launched, request, flags)
	})
}

// repeat repeats a run of the server: the last one, if the ID is "".
func (r *remote) repeat(cmd *cobra.Command, id string, options runs.RetryOptions, changes runs.Request, config api.LaunchConfig, flags runFlags) error {
	return inServer(cmd, func(interrupts *interrupts) error {
		sent := api.RetryRequest{All: options.All, Select: options.Selection, LaunchConfig: config, LaunchPolicy: policyOf(cmd, changes, flags)}
		var record history.Record
		err := interrupts.calling(func(ctx context.Context) (err error) {
			record, err = r.inspector.FindRun(ctx, id)
			return err
		})
		var launched api.Launched
		if err == nil {
			err = interrupts.launching(func(ctx context.Context) (err error) {
				launched, err = r.Retry(ctx, record.ID, sent)
				return err
			})
		}
		warnOfLaunch(cmd, launched.Launch, err)
		if err != nil {
			return err
		}
		return r.launched(cmd, interrupts, launched, changes, flags)
	})
}

// inServer calls do with requests to stop, for a command that waits for a server.
func inServer(cmd *cobra.Command, do func(*interrupts) error) error {
	interrupts := listen(cmd.Context())
	defer interrupts.close()
	interrupts.survivePipe()
	return do(interrupts)
}

// calling calls the server. After the first request to stop it returns errInterrupted.
func (i *interrupts) calling(do func(context.Context) error) error {
	return i.during(func(ctx context.Context) error { return interruptedOr(ctx, do(ctx)) }, func() {})
}

// launching is calling for a launch, which goes on after the first request to stop: whether
// the server has launched the run is then known, and the run can be cancelled.
func (i *interrupts) launching(do func(context.Context) error) error {
	return i.during(func(ctx context.Context) error { return do(context.WithoutCancel(ctx)) }, func() {})
}

// newRunID returns an ID for a run. With it, a launch whose answer was lost is never made
// twice.
func newRunID() string { return strings.ToLower(rand.Text()[:12]) }

// policyOf returns what the flags say of the run as a whole.
func policyOf(cmd *cobra.Command, request runs.Request, flags runFlags) api.LaunchPolicy {
	changed := cmd.Flags().Changed
	policy := api.LaunchPolicy{ID: newRunID(), Tags: request.Tags, Queue: flags.queue}
	if changed("priority") {
		policy.Priority = &flags.priority
	}
	if changed("timeout") {
		policy.Timeout = flags.executed.timeout.String()
	}
	if changed("retries") {
		policy.Retries, policy.RetryWait = &flags.retries, flags.retryWait.String()
	}
	if changed("on-crash") {
		policy.OnCrash = assets.CrashPolicy(flags.onCrash)
	}
	return policy
}

// withDefault adds the default job or selection of the server's program.
func (r *remote) withDefault(ctx context.Context, request runs.Request) (runs.Request, error) {
	if request.Job != "" || request.Selection != "" {
		return request, nil
	}
	all, err := r.Definitions(ctx)
	if err != nil {
		return request, err
	}
	jobs := make([]assets.JobDescription, len(all.Jobs))
	for i, job := range all.Jobs {
		jobs[i] = job.JobDescription
	}
	return withDefault(request, jobs, len(all.Assets) > 0)
}

// warnOfLaunch writes the warnings of a launch, also of one that was refused.
func warnOfLaunch(cmd *cobra.Command, launch inspect.Launch, err error) {
	warnings := launch.Warnings
	if refused, ok := errors.AsType[*client.Error](err); ok {
		warnings = refused.Problem.Warnings
	}
	writeWarnings(cmd.ErrOrStderr(), warnings)
}

// attemptsIn returns the largest number of attempts at each step of a launch.
func attemptsIn(launch inspect.Launch) attempts {
	of := make(attempts, len(launch.Steps))
	for _, step := range launch.Steps {
		of[step.Step] = step.Attempts
	}
	return of
}

// launched follows a run that the server has launched, and those that repeat it by its
// policy, to the end.
func (r *remote) launched(cmd *cobra.Command, interrupts *interrupts, launched api.Launched, request runs.Request, flags runFlags) error {
	if !flags.json {
		noteUnused(cmd.ErrOrStderr(), request.Config, attemptsIn(launched.Launch))
	}
	if flags.queue {
		if flags.json {
			return writeDocument(cmd.OutOrStdout(), launched.Run)
		}
		_, err := fmt.Fprintln(cmd.OutOrStdout(), launched.Run.ID)
		return err
	}
	for id := launched.Run.ID; ; {
		reporter := newReporter(cmd, flags.json, flags.verbose, attemptsIn(launched.Launch))
		defer reporter.abandon()
		if err := r.followRun(interrupts, id, reporter, flags.executed.drain); err != nil {
			if !errors.Is(err, errAbandoned) {
				err = fmt.Errorf("%w; the run may go on, see %s", err, lookOf(cmd).text(id))
			}
			return err
		}
		record := reporter.end()
		next, err := r.repeats(cmd.Context(), record)
		switch {
		case err != nil:
			return err
		case !record.Status.Finished():
			return fmt.Errorf("run %s: the process that executed it is gone", id)
		case next == "" && record.Status == history.StatusSucceeded:
			return nil
		case next == "":
			cmd.SilenceErrors = true // the reporter has shown it
			return &unsuccessful{id: id, status: record.Status}
		}
		_, _ = fmt.Fprintf(cmd.ErrOrStderr(), "run %s %s: run %s repeats what did not succeed\n", clean(id), told(record.Status), clean(next))
		id = next
	}
}

// repeats returns the ID of the run that repeats a failed run because its policy says so.
func (r *remote) repeats(ctx context.Context, record history.Record) (string, error) {
	if record.Status != history.StatusFailed {
		return "", nil
	}
	found, err := r.Runs(context.WithoutCancel(ctx), history.RunQuery{Tags: map[string]string{runs.TagRetryOf: record.ID}, OmitSteps: true})
	for _, run := range found {
		if run.Tags[runs.TagAttempt] != "" {
			return run.ID, nil
		}
	}
	return "", err
}

// cancelTime is how long a server may take to take a cancellation, and leaveTime how long
// after a second request to stop.
const cancelTime, leaveTime = 10 * time.Second, 2 * time.Second

// followRun gives the events of a run to a reporter, up to the end of the run. At the first
// request to stop it cancels the run, as waitFor does. At the second one it returns.
func (r *remote) followRun(interrupts *interrupts, id string, reporter reporter, drain time.Duration) error {
	ctx, leave := context.WithCancel(context.WithoutCancel(interrupts.ctx))
	defer leave()
	ended := make(chan error, 1)
	go panics.Call(func() error {
		for event, err := range r.Follow(ctx, id, 0) {
			if err != nil {
				return err
			}
			reporter.event(event)
		}
		return nil
	}, func(err error) { ended <- err })
	select {
	case err := <-ended:
		return err
	case <-interrupts.ctx.Done():
	}
	request := api.CancelRequest{Reason: interrupts.askedBy(), By: person()}
	if interrupts.terminated() && drain > 0 {
		reporter.note("draining: no more steps start, and running steps have " + durationText(drain) + "; press Ctrl-C to quit at once")
		request.Drain = drain.String()
	} else {
		reporter.note("cancelling: waiting for running steps; press Ctrl-C again to quit at once")
	}
	limited, giveUp := context.WithTimeout(ctx, cancelTime)
	defer giveUp()
	asked := make(chan struct{})
	go func() {
		defer close(asked)
		_, err := r.Cancel(limited, id, request)
		if err != nil && limited.Err() == nil && !errors.Is(err, fault.ErrInvalid) { // which says that the run has ended
			reporter.note("the server has not taken the cancellation: " + errorText(err))
		}
	}()
	select {
	case err := <-ended:
		giveUp()
		<-asked
		return err
	case <-interrupts.second:
		select {
		case <-asked: // the server cancels the run, though nobody watches
		case <-time.After(leaveTime):
			giveUp()
			<-asked
		}
		return errAbandoned
	}
}
