package child

import (
	"errors"
	"fmt"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/internal/graph"
	"github.com/fxrun/fxrun/internal/prepare"
	"github.com/fxrun/fxrun/internal/resource"
)

// Parent is a checked graph of resources that opens child containers. Package
// container calls it a Container.
type Parent struct {
	graph    *graph.Graph
	preparer *prepare.Preparer
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
	process := newProcessScope()
	return &Parent{
		graph: g, preparer: prepare.NewPreparer(g, process.configs), process: process,
		children: newOpenChildren(), closing: newClosing(),
	}, nil
}

// Graph returns the checked graph.
func (c *Parent) Graph() *graph.Graph { return c.graph }

// Explain says why a child opened with opts would need the resource called key,
// or why it would not. Package container documents it.
func (c *Parent) Explain(key string, opts []fx.Option) (graph.Explanation, error) {
	return c.preparer.Explain(key, opts)
}

// refuse returns the error of opening a child after Close.
func (c *Parent) refuse() error {
	if c.children.isClosed() {
		return fmt.Errorf("opening a child container: %w", ErrClosed)
	}
	return nil
}

// Close closes the children that are open, and stops the resources that live per
// process. Package container documents it.
func (c *Parent) Close() error {
	inside := c.children.call() || c.process.calls()
	c.children.close() // after this, nothing more begins
	c.process.close()
	return c.closing.run(inside, func() error {
		var errs []error
		for _, child := range c.children.close() {
			errs = append(errs, child.Close(ErrClosed))
		}
		return errors.Join(append(errs, c.process.stop())...)
	})
}
