package child

import (
	"context"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/internal/prepare"
)

// Prepared is a child container that was checked and not yet opened. It is
// immutable and safe for concurrent use.
type Prepared struct {
	*prepare.Prepared
	parent *Parent
}

// Prepare does all that NewChild does before it builds anything. Package container
// documents it.
func (c *Parent) Prepare(opts []fx.Option) (*Prepared, error) {
	prepared, err := c.preparer.Prepare(opts)
	return &Prepared{prepared, c}, err
}

// Open opens the child with exactly the resources and the config that were
// prepared, and neither reads the environment nor checks anything again.
// Package container documents it.
func (p *Prepared) Open(ctx context.Context, opts []prepare.Option) (*Child, error) {
	preparation, err := p.Opening(opts)
	if err != nil {
		return nil, err
	}
	return p.parent.open(ctx, preparation)
}

// NewChild opens a child. Package container documents it.
func (c *Parent) NewChild(ctx context.Context, opts []fx.Option) (*Child, error) {
	if err := c.refuse(); err != nil {
		return nil, err
	}
	prepared, err := c.Prepare(opts)
	if err != nil {
		return nil, err
	}
	return prepared.Open(ctx, nil)
}
