package fxruntest

import (
	"context"
	"maps"
	"reflect"
	"testing"
	"time"

	"github.com/fxrun/fxrun/internal/fault"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun"
	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/automation"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/history"
	apphost "github.com/fxrun/fxrun/internal/host"
	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/rows"
	"github.com/fxrun/fxrun/runs"
)

// Materialize runs a selection of assets and waits for its end. Every fault ends
// the test: wrong definitions or config, a failed step, a failed teardown.
//
// opts are the definitions and other options of an Fx application, such as values
// by fx.Supply and fakes by fx.Replace. A fake that nothing takes is an error, and so is
// a fake that is nil. See [Given], [Config] and [Tag] too. The application may provide its own history.Store
// and runs.Executor. It is stopped at the end of the test.
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

// Try runs a request and returns the error of the run. It is for tests of
// failures. If no run was made because the definitions or the request are wrong,
// the error matches container.ErrInvalid and the result is nil.
func Try(t testing.TB, request runs.Request, opts ...fx.Option) (*Result, error) {
	t.Helper()
	h, err := newHost(t, opts)
	if err != nil {
		return nil, err
	}
	request.Config = h.config().Merge(request.Config)
	request.Tags = h.tags(request.Tags)
	var progress toldProgress
	request.Observe = progress.observe(request.Observe)
	prepared, faults := h.Launcher.Prepare(request)
	if err := h.store(t.Context(), prepared.Preview().Plan); err != nil {
		return nil, err
	}
	if faults != nil {
		return nil, faults
	}
	run, err := prepared.Start(t.Context())
	if err != nil {
		return nil, err
	}
	return h.wait(t, run, &progress)
}

// host is an Fx application made for one run.
type host struct {
	populated
	memory *iomanagers.MemoryManager
}

// populated holds the values that the application provides.
type populated struct {
	fx.In

	Container   *container.Container
	Graph       *assets.Graph
	Launcher    *runs.Launcher
	Automations *automation.Automations
	Given       []numbered[given]               `group:"fxruntest.given"`
	Configs     []numbered[container.RunConfig] `group:"fxruntest.config"`
	Tags        []numbered[tag]                 `group:"fxruntest.tag"`
}

// stopWithin limits the time in which the application of a test stops.
const stopWithin = 15 * time.Second

func newHost(t testing.TB, opts []fx.Option) (*host, error) {
	t.Helper()
	h := &host{memory: iomanagers.NewMemory()}
	all := []fx.Option{
		apphost.Quiet, fxrun.Module, fx.Supply(fxrun.IO{IOManager: h.memory}, new(counter)),
		fx.Options(opts...), fx.Invoke(func(made populated) { h.populated = made }),
	}
	app := fx.New(all...)
	if err := app.Err(); err != nil {
		return nil, apphost.BuildError("building the application", err)
	}
	if err := checkReplacements(all, h.Container); err != nil {
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

// tags returns the tags of the request and of the options. The options have
// priority. The map of the request is copied, since others may use it.
func (h *host) tags(requested map[string]string) map[string]string {
	tags := make(map[string]string)
	maps.Copy(tags, requested)
	for _, tag := range inOrder(h.Tags) {
		tags[tag.name] = tag.value
	}
	return tags
}

// store puts the given values where the run will look for them. plan is nil
// where the request asks for nothing that exists.
func (h *host) store(ctx context.Context, plan *assets.Plan) error {
	var faults []error
	for _, given := range inOrder(h.Given) {
		if err := h.storeOne(ctx, plan, given); err != nil {
			faults = append(faults, err)
		}
	}
	return fault.Join("giving values", faults)
}

func (h *host) storeOne(ctx context.Context, plan *assets.Plan, given given) error {
	_, output, err := h.Graph.Asset(given.asset)
	if err != nil {
		return err
	}
	if err := given.fits(output); err != nil {
		return err
	}
	if plan != nil && makes(plan, given.asset) {
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

// wait waits for the run, and collects its record, events and values.
func (h *host) wait(t testing.TB, run *runs.Run, progress *toldProgress) (*Result, error) {
	t.Helper()
	failure := run.Wait(t.Context())
	select {
	case <-run.Done():
	default: // the test's context has ended
		run.Cancel("the test is over")
		<-run.Done()
	}
	ctx := context.WithoutCancel(t.Context())
	record, err := history.Find(ctx, h.Launcher.Store(), run.ID())
	if err != nil {
		t.Fatalf("reading the record of the run: %v", err)
	}
	events, err := h.Launcher.Store().Events(ctx, history.EventQuery{RunID: run.ID()})
	if err != nil {
		t.Fatalf("reading the events of the run: %v", err)
	}
	return &Result{Record: record, Events: progress.among(events), host: h}, failure
}
