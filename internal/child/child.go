package child

import (
	"context"
	"maps"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/internal/prepare"
)

// Child is a child container: it holds the resources that its targets need, and
// they have started. It must be closed. It is safe for concurrent use.
type Child struct {
	*liveChild
	parent *Parent
}

// open opens a child that was prepared.
func (c *Parent) open(ctx context.Context, p *prepare.Preparation) (*Child, error) {
	if err := c.refuse(); err != nil {
		return nil, err
	}
	acquired, err := c.process.acquire(ctx, p)
	if err != nil {
		return nil, err
	}
	child := newLiveChild(ctx, p, nil, acquired, c.children)
	child.state.members.Outer = c.process.membersOfCaller()
	if !c.children.add(child) {
		child.state.cancel(ErrClosed)
		return nil, c.refuse()
	}
	if err := child.start(); err != nil {
		return nil, err
	}
	return &Child{child, c}, nil
}

// NewChild opens a nested child, for a step of a run. Package container
// documents it.
func (ch *Child) NewChild(ctx context.Context, opts []fx.Option) (*Child, error) {
	const act = "opening a nested child container"
	if err := ch.refuse(act); err != nil {
		return nil, err
	}
	preparation, err := ch.parent.preparer.Nested(opts, ch.state.outer())
	if err != nil {
		return nil, err
	}
	acquired, err := ch.parent.process.acquire(ctx, preparation)
	if err != nil {
		return nil, err
	}
	borrowed := maps.Clone(ch.state.at)
	maps.Copy(borrowed, acquired)
	child := newLiveChild(ctx, preparation, ch.state, borrowed, ch.state.nested)
	child.state.members.Outer = ch.parent.process.membersOfCaller()
	if !ch.state.nested.add(child) {
		child.state.cancel(errChildClosed)
		return nil, ch.refuse(act)
	}
	if err := child.start(); err != nil {
		return nil, err
	}
	return &Child{child, ch.parent}, nil
}
