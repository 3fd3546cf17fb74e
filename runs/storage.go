package runs

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/internal/nearest"
	"github.com/fxrun/fxrun/internal/signature"
	"github.com/fxrun/fxrun/iomanagers"
)

var ioManagerType = reflect.TypeFor[iomanagers.IOManager]()

// bindStorage makes a target for each IO manager that an asset names.
func (l *Launcher) bindStorage() []error {
	var faults []error
	for _, asset := range l.config.Graph.Assets() {
		if asset.Type == "" || l.storage[asset.IO] != nil {
			continue
		}
		if len(l.config.Container.Providers(ioManagerType, asset.IO)) == 0 && !l.config.Container.HostProvides(ioManagerType, asset.IO) {
			faults = append(faults, l.missingIO(asset))
			continue
		}
		ask := []signature.Param{{Key: signature.Key{Type: ioManagerType, Name: asset.IO}}}
		target, err := l.config.Container.Target("the IO manager of asset "+asset.Key, signature.Make(ask, nil, nil))
		if err != nil {
			faults = append(faults, err)
			continue
		}
		l.storage[asset.IO] = target
	}
	return faults
}

func (l *Launcher) missingIO(asset assets.Description) error {
	known := l.config.Container.Providers(ioManagerType, "")
	for _, resource := range l.config.Container.Resources() {
		if slices.Contains(resource.Types, ioManagerType.String()) && !slices.Contains(known, resource.Key) {
			known = append(known, resource.Key)
		}
	}
	text := nearest.Suggestion(asset.IO, known)
	if len(known) == 0 {
		text = ": define one, as by iomanagers.Files"
	}
	return fmt.Errorf("asset %s (%s) is stored by the IO manager %q, which does not exist%s", asset.Key, asset.Position, asset.IO, text)
}

// targets are all that a plan needs of a child: what the functions ask for,
// and the IO managers of outputs and inputs. What lives per step is left to the
// steps' own children.
func (l *Launcher) targets(plan *assets.Plan) []fx.Option {
	var targets, later []*container.Target
	add := func(target *container.Target) {
		if target.LivesPerStep() {
			later = append(later, target)
		} else {
			targets = append(targets, target)
		}
	}
	seen := make(map[string]bool)
	storage := func(key string) {
		if !seen[key] {
			seen[key] = true
			add(l.storage[key])
		}
	}
	for _, step := range plan.Steps {
		add(step.Target())
		if step.Output != nil {
			storage(step.IO)
		}
		for _, input := range step.Inputs {
			storage(input.IO)
		}
	}
	return []fx.Option{container.Needs(targets...), container.NeedsLater(later...)}
}

// checkStorage asks the IO managers whether they can store what the steps will
// give them, before the first step has cost anything.
func (r *Run) checkStorage() error {
	var faults []error
	for _, step := range r.launch.plan.Steps {
		if step.Output == nil || r.launcher.storage[step.IO].LivesPerStep() {
			continue
		}
		checker, ok := r.child.Arguments(r.launcher.storage[step.IO])[0].Interface().(iomanagers.Checker)
		if !ok {
			continue
		}
		if err := checker.Check(step.Format, step.Output); err != nil {
			faults = append(faults, fmt.Errorf("asset %s can't be stored by %s: %w", step.Asset, step.IO, err))
		}
	}
	return container.JoinFaults("checking what the run stores", faults)
}

// stepChild opens the child of a step that needs resources which live per step.
// The function and the IO managers of one step share it.
func (r *Run) stepChild(ctx context.Context, step *assets.Step) (*container.Child, error) {
	var targets []*container.Target
	add := func(target *container.Target) {
		if target.LivesPerStep() && !slices.Contains(targets, target) {
			targets = append(targets, target)
		}
	}
	add(step.Target())
	if step.Output != nil {
		add(r.launcher.storage[step.IO])
	}
	for _, input := range step.Inputs {
		add(r.launcher.storage[input.IO])
	}
	if len(targets) == 0 {
		return nil, nil
	}
	return r.child.NewChild(ctx, container.Needs(targets...), container.Logger(r.logger(step.Asset)))
}

// arguments returns what a target gets for a step: from the step's own child
// if it lives per step, else from the run's.
func (x *stepExecution) arguments(target *container.Target) []reflect.Value {
	if target.LivesPerStep() {
		return x.child.Arguments(target)
	}
	return x.run.child.Arguments(target)
}

// ioManager returns the step's IO manager of a key.
func (x *stepExecution) ioManager(key string) iomanagers.IOManager {
	manager, _ := x.arguments(x.run.launcher.storage[key])[0].Interface().(iomanagers.IOManager)
	return manager
}

// load loads the step's inputs.
func (x *stepExecution) load(ctx context.Context) ([]reflect.Value, error) {
	step := x.step
	values := make([]reflect.Value, len(step.Inputs))
	for i, input := range step.Inputs {
		value := reflect.New(input.Type)
		err := x.ioManager(input.IO).Load(ctx, iomanagers.Input{
			Asset: input.Asset, RunID: x.run.launch.id, Format: input.Format, Type: input.Type,
		}, value.Interface())
		switch {
		case errors.Is(err, iomanagers.ErrNotFound) && !input.Planned:
			return nil, fmt.Errorf("%w: it is not part of this run, run it first (--select %q)", err, "+"+input.Asset)
		case err != nil:
			return nil, err
		}
		values[i] = value.Elem()
	}
	return values, nil
}

// store stores the step's output, and returns what the IO manager tells about it.
func (x *stepExecution) store(ctx context.Context, value reflect.Value) (map[string]any, error) {
	step := x.step
	metadata := make(map[string]any)
	err := x.ioManager(step.IO).Store(ctx, iomanagers.Output{
		Asset: step.Asset, RunID: x.run.launch.id, Format: step.Format, Type: step.Output, Metadata: metadata,
	}, value.Interface())
	return metadata, err
}

// Value loads an asset's stored value, in a child container of its own that
// holds only the asset's IO manager. The error of an unknown asset matches
// container.ErrInvalid, that of one without a stored value
// iomanagers.ErrNotFound.
func (l *Launcher) Value(ctx context.Context, asset string, opts ...container.ChildOption) (value any, err error) {
	_, step, err := l.config.Graph.Asset(asset)
	if err != nil {
		return nil, err
	}
	if step.Output == nil {
		return nil, container.JoinFaults("loading asset "+asset, []error{errors.New("it stores its data itself, so there is no value to load")})
	}
	target := l.storage[step.IO]
	childOptions := l.childOptions(target)
	for _, opt := range opts {
		childOptions = append(childOptions, opt)
	}
	child, err := l.config.Container.NewChild(ctx, childOptions...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, child.Close(err)) }()
	manager, _ := child.Arguments(target)[0].Interface().(iomanagers.IOManager)
	into := reflect.New(step.Output)
	err = manager.Load(ctx, iomanagers.Input{Asset: asset, Format: step.Format, Type: step.Output}, into.Interface())
	if err != nil {
		return nil, err
	}
	return into.Elem().Interface(), nil
}
