// Package runs launches, executes and records runs.
//
// A [Launcher] checks a [Request] (a job or a selection, with launch-time
// config) before a run exists, has an [Executor] execute the steps of its plan in
// a child container, tears everything down, and returns a [Run] to wait for or to
// cancel. What happens is recorded in a history.Store.
//
// An [Executor] decides where steps are executed. In this process it calls
// [Execution.Step]. For another process it sends what [Execution.Request] returns,
// has [Launcher.ExecuteStep] called there, and gives the events that come back to
// [Execution.Record]. Package executortest is the suite for executors.
//
// The package imports container, assets, iomanagers and history. Next: package
// cli.
package runs
