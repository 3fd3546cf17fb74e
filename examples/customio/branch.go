package main

import (
	"context"
	"errors"

	"github.com/fxrun/fxrun/iomanagers"
)

// BranchConfig says which branch a run works on.
type BranchConfig struct {
	Branch string `pattern:"^[a-z0-9-]*$" desc:"keeps what a run stores apart; empty for the values that all see"`
}

// Branch is an IO manager around another one. A run on a branch stores its values
// separately, and loads the values of all runs if the branch has none. So you can
// try a change with real values. An IO manager needs only these two methods. If a step
// has several values, fxrun would have the files staged, all before the first one is
// shown. It calls Store here, because a Branch is not the manager of files.
type Branch struct {
	*iomanagers.FileManager

	prefix string
}

// NewBranch wraps the program's manager of files.
func NewBranch(cfg BranchConfig, files *iomanagers.FileManager) *Branch {
	if cfg.Branch == "" {
		return &Branch{files, ""}
	}
	return &Branch{files, "branches/" + cfg.Branch + "/"}
}

// Store keeps a value for the branch.
func (b *Branch) Store(ctx context.Context, out iomanagers.Output, value any) error {
	out.Asset = b.prefix + out.Asset
	return b.FileManager.Store(ctx, out, value)
}

// Load loads the value of the branch, or the value of all runs.
func (b *Branch) Load(ctx context.Context, in iomanagers.Input, dst any) error {
	branch := in
	branch.Asset = b.prefix + in.Asset
	err := b.FileManager.Load(ctx, branch, dst)
	if errors.Is(err, iomanagers.ErrNotFound) {
		err = b.FileManager.Load(ctx, in, dst)
	}
	return err
}
