package fxruntest

import (
	"context"
	"errors"
	"maps"
	"reflect"
	"testing"
	"time"

	"go.uber.org/fx"
	"go.uber.org/fx/fxevent"

	"github.com/fxrun/fxrun"
	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/rows"
	"github.com/fxrun/fxrun/runs"
)

// Materialize runs a selection of assets and waits for its end. Whatever goes
// wrong ends the test: bad definitions or config, a failing step, a teardown
// that fails.
//
// opts are the definitions, and whatever else an Fx application takes: values
// by fx.Supply, fakes by fx.Replace; a fake that nothing takes is an error. See [Given], [Config] and [Tag] too. The
// application is stopped at the test's end; runs.Store and runs.Executor may be
// among what it provides.
func Materialize(t testing.TB, selection string, opts ...fx.Option) *Result {
	t.Helper()
	result, err := Try(t, runs.Request{Selection: selection}, opts...)
	if err != nil {
		t.Fatalf("materializing %s: %v", selection, err)
	}
	return result
}

// RunJob runs a job as [Materialize] runs a selection.
func RunJob(t testing.TB, job string, opts ...fx.Option) *Result {
	t.Helper()
	result, err := Try(t, runs.Request{Job: job}, opts...)
	if err != nil {
		t.Fatalf("running job %s: %v", job, err)
	}
	return result
}

// Try runs what a request asks for, and returns the run's error: for tests of
// what goes wrong. Where no run was made, since definitions or the request are
// wrong, the error matches container.ErrInvalid and the result is nil.
func Try(t testing.TB, request runs.Request, opts ...fx.Option) (*Result, error) {
	t.Helper()
	h, err := newHost(t, opts)
	if err != nil {
		return nil, err
	}
	if err := h.store(t.Context(), request); err != nil {
		return nil, err
	}
	request.Config = h.config().Merge(request.Config)
	request.Tags = h.tags(request.Tags)
	run, err := h.Launcher.Launch(t.Context(), request)
	if err != nil {
		return nil, err
	}
	return h.wait(t, run)
}

// host is an Fx application made for one run.
type host struct {
	populated
	memory *iomanagers.MemoryManager
}

// populated is what the application gives.
type populated struct {
	fx.In

	Container *container.Container
	Graph     *assets.Graph
	Launcher  *runs.Launcher
	Given     []numbered[given]               `group:"fxruntest.given"`
	Configs   []numbered[container.RunConfig] `group:"fxruntest.config"`
	Tags      []numbered[tag]                 `group:"fxruntest.tag"`
}

// stopWithin bounds the stop of a test's application.
const stopWithin = 15 * time.Second

func newHost(t testing.TB, opts []fx.Option) (*host, error) {
	t.Helper()
	h := &host{memory: iomanagers.NewMemory()}
	replaced := newReplacements()
	app := fx.New(fx.WithLogger(func() fxevent.Logger { return replaced }), fxrun.Module, fx.Supply(fxrun.IO{IOManager: h.memory}, new(counter)),
		fx.Options(opts...), fx.Invoke(func(made populated) { h.populated = made }))
	if err := app.Err(); err != nil {
		if faults, ok := errors.AsType[*container.Faults](err); ok {
			return nil, faults // without what dig says about its own functions
		}
		return nil, err
	}
	if err := replaced.check(h.Container.Resources()); err != nil {
		return nil, err
	}
	if err := app.Start(t.Context()); err != nil {
		return nil, err
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), stopWithin)
		defer cancel()
		if err := app.Stop(ctx); err != nil {
			t.Errorf("stopping the test's application: %v", err)
		}
	})
	return h, nil
}

func (h *host) config() container.RunConfig {
	var config container.RunConfig
	for _, given := range inOrder(h.Configs) {
		config = config.Merge(given)
	}
	return config
}

// tags lays those of options over those of the request, whose map may be in use
// elsewhere.
func (h *host) tags(requested map[string]string) map[string]string {
	tags := make(map[string]string)
	maps.Copy(tags, requested)
	for _, tag := range inOrder(h.Tags) {
		tags[tag.name] = tag.value
	}
	return tags
}

// store puts the given values where the run will look for them.
func (h *host) store(ctx context.Context, request runs.Request) error {
	var faults []error
	for _, given := range inOrder(h.Given) {
		if err := h.storeOne(ctx, request, given); err != nil {
			faults = append(faults, err)
		}
	}
	return container.JoinFaults("giving values", faults)
}

func (h *host) storeOne(ctx context.Context, request runs.Request, given given) error {
	_, output, err := h.Graph.Asset(given.asset)
	if err != nil {
		return err
	}
	if err := given.fits(output); err != nil {
		return err
	}
	preview, _ := h.Launcher.Check(request)
	if preview.Plan != nil && makes(preview.Plan, given.asset) {
		return given.fault("the run computes it: select without it")
	}
	err = h.memory.Store(ctx, iomanagers.Output{Asset: given.asset, Format: output.Format, Type: reflect.TypeOf(given.value)}, given.value)
	return err
}

func makes(plan *assets.Plan, asset string) bool {
	for _, step := range plan.Steps {
		for _, output := range step.Outputs {
			if output.Key == asset && output.Kind == assets.KindAsset {
				return true
			}
		}
	}
	return false
}

// sameRows reports whether values of one type are rows of the other in another
// form.
func sameRows(a, b reflect.Type) bool {
	first, ok := rows.Of(a)
	second, both := rows.Of(b)
	return ok && both && first.Element == second.Element
}

// wait waits for the run, and collects what it left.
func (h *host) wait(t testing.TB, run *runs.Run) (*Result, error) {
	t.Helper()
	failure := run.Wait(t.Context())
	select {
	case <-run.Done():
	default: // the test's context has ended
		run.Cancel("the test is over")
		<-run.Done()
	}
	ctx := context.WithoutCancel(t.Context())
	record, err := runs.Find(ctx, h.Launcher.Store(), run.ID())
	if err != nil {
		t.Fatalf("reading the record of the run: %v", err)
	}
	events, err := h.Launcher.Store().Events(ctx, runs.EventQuery{RunID: run.ID()})
	if err != nil {
		t.Fatalf("reading the events of the run: %v", err)
	}
	return &Result{Record: record, Events: events, host: h}, failure
}
