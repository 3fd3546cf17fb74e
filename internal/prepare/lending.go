package prepare

import (
	"slices"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/internal/graph"
	"github.com/fxrun/fxrun/internal/signature"
)

// lending is what the fx.Options of a child mean for the nested children that it
// may have. Functions of options are called once, in the child. Nested children get
// the values that came of it. Only decorators of what lives per step are given to
// nested children, each of which has another value for them.
type lending struct {
	perStep   []fx.Option            // for each nested child
	replaced  map[string]bool        // the types that fx.Replace among perStep gives
	asks      []graph.Ask            // of nested children, for what lives longer than they
	params    []signature.Param      // what nested children will borrow
	touched   map[signature.Key]bool // of these, what is not just a resource's result
	decorated map[signature.Key]bool // by the options of the child
	needed    map[string]bool        // module names of the resources that are needed with the options
}

// with returns the options of a nested child: its own, and those of its parent that
// are for each nested child.
func (l *lending) with(own []fx.Option) []fx.Option {
	if l == nil || len(l.perStep) == 0 {
		return own
	}
	return append(slices.Clone(l.perStep), own...)
}
