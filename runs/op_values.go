package runs

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/internal/fault"
	"github.com/fxrun/fxrun/internal/panics"
	"github.com/fxrun/fxrun/iomanagers"
)

// opValues removes the values of the ops of runs. It opens a child container with the IO
// managers for the first of them.
type opValues struct {
	launcher *Launcher
	opened   bool
	child    *container.Child // nil if there are no ops, or if all values are kept by LauncherConfig.IO
	mask     func(string) string
	managers []iomanagers.IOManager
}

// opPrefix returns the beginning of the keys by which IO managers know the values of the ops of
// a run, up to a slash. The key of no asset begins with the tilde.
func opPrefix(run string) string { return "~" + run }

// remove removes the values of one run. A manager that cannot remove values keeps them.
func (v *opValues) remove(ctx context.Context, run string) error {
	if !v.opened {
		if err := panics.Guard(func() error { return v.open(ctx) }); err != nil {
			return fmt.Errorf("starting the IO managers of its ops: %w", err)
		}
		v.opened = true
	}
	var errs []error
	for _, manager := range v.managers {
		remover, ok := manager.(iomanagers.Remover)
		if !ok {
			continue
		}
		err := panics.Guard(func() error { return remover.RemoveBelow(ctx, opPrefix(run)) })
		if err != nil && !errors.Is(err, iomanagers.ErrUnsupported) {
			errs = append(errs, err)
		}
	}
	if v.mask != nil {
		return fault.Masked(errors.Join(errs...), v.mask)
	}
	return errors.Join(errs...)
}

// open finds the IO managers that the ops of the definitions use.
func (v *opValues) open(ctx context.Context) error {
	l := v.launcher
	var targets []*container.Target
	for _, job := range l.config.Graph.Jobs() {
		if len(job.Ops) == 0 {
			continue
		}
		plan, err := l.config.Graph.Job(job.Name)
		if err != nil {
			return err
		}
		for _, step := range plan.Plan.Steps {
			for _, output := range step.Outputs {
				target := l.storage[output.IO]
				if output.Kind != assets.KindOp || output.Type == nil {
					continue
				}
				if l.config.IO != nil {
					v.managers = []iomanagers.IOManager{l.config.IO}
					return nil
				}
				if !slices.Contains(targets, target) {
					targets = append(targets, target)
				}
			}
		}
	}
	if len(targets) == 0 {
		return nil
	}
	options := []fx.Option{container.Logger(l.config.Logger), container.Needs(targets...)}
	prepared, err := l.config.Container.Prepare(options...)
	if err != nil {
		return err
	}
	v.mask = prepared.Mask
	if v.child, err = prepared.Open(ctx); err != nil {
		return fault.Masked(err, v.mask)
	}
	for _, target := range targets {
		if manager, ok := argumentsOf(v.child, target)[0].Interface().(iomanagers.IOManager); ok {
			v.managers = append(v.managers, manager)
		}
	}
	return nil
}

// close closes the child container. A resource that does not stop has nothing to do with the
// runs that were removed.
func (v *opValues) close() {
	if v.child != nil {
		_ = panics.Guard(func() error { return v.child.Close(nil) })
	}
}
