// Package runs launches, executes and records runs.
//
// A [Launcher] checks a [Request] (a job or a selection, with launch-time
// config) before a run exists, opens a child container for it, has an
// [Executor] execute the steps of its plan, tears everything down, and returns
// a [Run] to wait for or to cancel.
//
// Whatever happens is an [Event]; the events of a run, in order, are its log,
// and their sum is its [Record]. A [Store] keeps both: [MemoryStore], or package
// runs/sqlitestore for a file. Package runs/runstest is the suite that every
// store passes.
//
// The package imports container, assets and iomanagers. Next: package inspect,
// for what can be asked about definitions and runs.
package runs
