package child

import (
	"context"
	"errors"
	"fmt"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/internal/graph"
	"github.com/fxrun/fxrun/internal/resource"
)

// Parent is a checked graph of resources, of which child containers are opened.
// It is what package container calls a Container.
type Parent struct {
	graph    *graph.Graph
	parts    *assembly
	process  *processScope
	children *openChildren
	closing  *closing
}

// NewParent checks definitions. It builds nothing.
func NewParent(definitions []resource.Definition) (*Parent, error) {
	g, err := graph.New(definitions)
	if err != nil {
		return nil, err
	}
	return &Parent{graph: g, parts: newAssembly(g), process: newProcessScope(), children: newOpenChildren(), closing: newClosing()}, nil
}

// Graph returns the checked graph.
func (c *Parent) Graph() *graph.Graph { return c.graph }

// openChild opens a child that was prepared.
func (c *Parent) openChild(ctx context.Context, p *preparation) (*Child, error) {
	if err := c.refuse(); err != nil {
		return nil, err
	}
	acquired, err := c.process.acquire(ctx, p, p.perProcess())
	if err != nil {
		return nil, err
	}
	child := newChild(ctx, p, acquired, c.children)
	child.state.members.Outer = c.process.membersOfCaller()
	if !c.children.add(child) {
		child.state.cancel(ErrClosed)
		return nil, c.refuse()
	}
	return child.start(p)
}

// refuse returns the error of opening a child after Close.
func (c *Parent) refuse() error {
	if c.children.isClosed() {
		return fmt.Errorf("opening a child container: %w", ErrClosed)
	}
	return nil
}

// Start starts the resources that are Eager and live per process. Package
// container documents it.
func (c *Parent) Start(ctx context.Context, opts []Option) error {
	options := []fx.Option{newOption("Start", func(config *childConfig) { config.processOnly = true })}
	for _, opt := range opts {
		options = append(options, opt)
	}
	child, err := c.NewChild(ctx, options)
	if err != nil {
		return err
	}
	return child.Close(nil)
}

// Close closes the children that are open, and stops the resources that live per
// process. Package container documents it.
func (c *Parent) Close() error {
	inside := c.children.call() || c.process.calls()
	c.children.close() // from here on nothing more begins
	c.process.close()
	return c.closing.run(inside, func() error {
		var errs []error
		for _, child := range c.children.close() {
			errs = append(errs, child.Close(ErrClosed))
		}
		return errors.Join(append(errs, c.process.stop())...)
	})
}
