// Package history records what happened in runs.
//
// Whatever happens is an [Event]; the events of a run, in order, are its log,
// and their sum is its [Record], computed by one function in every store. A
// [Store] keeps both: [MemoryStore] in memory, or package
// history/sqlhistory/sqlite in a file. Package history/historytest is the suite
// that every store passes.
//
// The package imports nothing of fxrun: a program that only reads a history
// links neither Fx nor definitions. Package runs makes the events of runs.
package history
