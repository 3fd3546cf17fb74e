// Package faulttest holds tests only. Workers on Temporal execute random graphs, and are
// killed, stopped, told to end and cut off meanwhile at random moments. The same happens to the
// launchers of their runs, to the server of Temporal, and to the server of the history. In one
// test each process has a network namespace of its own, as if it were another machine. The
// graphs and the checker are those of internal/faulttest, which reads the history as plain SQL
// and the values as plain files.
//
// CONTRIBUTING.md says how the suite is run for hours.
package faulttest
