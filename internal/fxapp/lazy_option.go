package fxapp

import (
	"sync"

	"go.uber.org/fx"
)

// lazyOption is an option that is made when a child first needs it, because one
// process never uses most resources and targets of a large graph.
type lazyOption struct {
	made   sync.Once
	option fx.Option
}

func (l *lazyOption) get(make func() fx.Option) fx.Option {
	l.made.Do(func() { l.option = make() })
	return l.option
}
