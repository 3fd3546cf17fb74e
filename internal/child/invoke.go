package child

import (
	"context"
	"errors"
	"slices"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/internal/fault"
	"github.com/fxrun/fxrun/internal/graph"
	"github.com/fxrun/fxrun/internal/prepare"
	"github.com/fxrun/fxrun/internal/signature"
)

// Invoke opens a child, calls fn after everything has started, and closes the
// child in every case. Package container documents it.
func (c *Parent) Invoke(ctx context.Context, fn any, opts []fx.Option) error {
	function, err := signature.Of(fn)
	if err != nil {
		return fault.Join("checking the function to invoke", []error{err})
	}
	target, err := c.graph.NewTarget(function.Name, function, nil)
	if err != nil {
		return err
	}
	child, err := c.NewChild(ctx, append(slices.Clone(opts), prepare.Needs([]*graph.Target{target})))
	if err != nil {
		return err
	}
	err = child.Call(target)
	return errors.Join(err, child.Close(err))
}

// Start starts the resources that are Eager and live per process. Package
// container documents it.
func (c *Parent) Start(ctx context.Context, opts []prepare.Option) error {
	options := []fx.Option{prepare.ProcessOnly()}
	for _, opt := range opts {
		options = append(options, opt)
	}
	child, err := c.NewChild(ctx, options)
	if err != nil {
		return err
	}
	return child.Close(nil)
}
