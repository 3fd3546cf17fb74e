package fxapp

import "go.uber.org/fx"

// provide, invoke and decorate make the options of Fx with a short call stack.
// Fx keeps the stack at which an option is made, and each application that gets
// the option writes the stack as text. With the stack of a caller of package
// container, this is a fifth of the cost of a child.
func provide(constructor any) fx.Option {
	return withShortStack(func() fx.Option { return fx.Provide(constructor) })
}

func invoke(function any) fx.Option {
	return withShortStack(func() fx.Option { return fx.Invoke(function) })
}

func decorate(decorator any) fx.Option {
	return withShortStack(func() fx.Option { return fx.Decorate(decorator) })
}

func withShortStack(option func() fx.Option) fx.Option {
	made := make(chan fx.Option, 1)
	go func() { made <- option() }()
	return <-made
}
