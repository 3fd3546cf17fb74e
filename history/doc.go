// Package history records what happened in runs.
//
// Everything that happens is an [Event]. The events of a run, in their order, are
// the log of the run. The [Record] of the run is computed from its log, by the same
// function in every store. A [Store] keeps both: [MemoryStore] keeps them in memory,
// and package history/sqlhistory/sqlite in a file. Package history/historytest is
// the suite that every store must pass.
//
// The package imports no other package of fxrun. Therefore a program that only reads
// a history contains neither Fx nor definitions. Package runs makes the events of
// runs.
package history
