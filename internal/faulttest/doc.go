// Package faulttest is for tests only. Processes execute random graphs, and are killed, stopped
// and cancelled meanwhile at random moments. Their disk is full for a while, the server of their
// history is away, its file is damaged, and the clock is set back. Afterwards a checker reads the
// history as plain SQL, and the values as plain files, and uses none of the code that has written
// them. The graphs and the checker also serve suites of other Go modules, on Linux only.
//
// CONTRIBUTING.md says how the suite is run for hours.
package faulttest
