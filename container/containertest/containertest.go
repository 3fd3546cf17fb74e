// Package containertest starts resources inside tests: one, with what it needs,
// or a whole child container, with fakes and with given config. Anything that
// goes wrong fails the test, at its end also what a resource leaves running.
//
//	client := containertest.Start[*Client](t,
//		container.Provide("client", NewClient, container.Config(ClientConfig{URL: server.URL})),
//		container.Provide("credentials", NewCredentials, container.Config(CredentialsConfig{})),
//		container.Launch(container.RunConfig{Resources: map[string]any{"credentials": container.Fields{"user": "ada"}}}),
//	)
//
// The environment is the test's own: testing.T.Setenv gives it values. What a
// constructor is told about the run is given by container.Info.
package containertest

import (
	"context"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/internal/fxoption"
)

// TB is the part of testing.TB that this package needs, so that its own
// failures can be tested.
type TB interface {
	Helper()
	Context() context.Context
	Cleanup(func())
	Errorf(format string, args ...any)
	FailNow()
}

// New builds a container, and fails the test at once where its definitions are
// wrong.
func New(tb TB, definitions ...container.Definition) *container.Container {
	tb.Helper()
	c, err := container.New(definitions...)
	if err != nil {
		tb.Errorf("%v", err)
		tb.FailNow()
	}
	return c
}

// Start builds a container of the definitions among options, also of those inside
// fx.Options, opens a child of
// it with all other options (container.Launch, fx.Replace, ...) that holds a T
// and what that needs, and returns the T, started.
//
// At the end of the test the child is closed, with the outcome nil. The test
// fails if that fails, or if a goroutine that the child's resources, or the
// test itself, began after Start is still there a second later.
func Start[T any](tb TB, options ...fx.Option) T {
	tb.Helper()
	definitions, rest := part(options)
	var value T
	Open(tb, New(tb, definitions...), append(rest, container.Populate(&value))...)
	return value
}

// Open opens a child of a container. It fails the test at once where that goes
// wrong, and closes the child at the end of the test, as [Start] does.
func Open(tb TB, c *container.Container, options ...fx.Option) *container.Child {
	tb.Helper()
	watch := watchGoroutines(tb)
	child, err := c.NewChild(watch.ctx, options...)
	if err != nil {
		tb.Errorf("%v", err)
		tb.FailNow()
		return nil
	}
	tb.Cleanup(func() {
		if err := child.Close(nil); err != nil {
			tb.Errorf("closing the child container: %v", err)
		}
		watch.check()
	})
	return child
}

// part parts options into definitions and others. Definitions inside fx.Options are
// found; one inside an fx.Module is left to the child, which refuses it.
func part(options []fx.Option) ([]container.Definition, []fx.Option) {
	var definitions []container.Definition
	var rest []fx.Option
	for _, option := range options {
		if option == nil {
			continue
		}
		if definition, ok := option.(container.Definition); ok {
			definitions = append(definitions, definition)
			continue
		}
		if group, ok := fxoption.Group(option); ok {
			inner, others := part(group)
			definitions, option = append(definitions, inner...), fx.Options(others...)
		}
		rest = append(rest, option)
	}
	return definitions, rest
}
