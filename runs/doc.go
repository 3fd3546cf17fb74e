// Package runs launches, executes and records runs.
//
// A [Launcher] checks a [Request] (a job or a selection, with launch-time
// config) before a run exists, opens a child container for it, has an
// [Executor] execute the steps of its plan, tears everything down, and returns
// a [Run] to wait for or to cancel. What happens is recorded in a history.Store.
//
// The package imports container, assets, iomanagers and history. Next: package
// cli.
package runs
