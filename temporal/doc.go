// Package temporal executes runs on many machines, by Temporal. Definitions, IO managers,
// launches, schedules and pages stay as they are: a program adds [Executor], and is started
// as a worker on other machines.
//
// Each run is a workflow of Temporal, with the ID of the run. The workflow is written here,
// once for all runs: it knows the keys of the steps and what each needs, and asks workers to
// execute them. A worker opens a container for the run, executes steps in it, and writes what
// happens into the history that all processes share. Neither config nor values go to Temporal.
//
// Temporal notices that a worker is gone, and keeps the state of each run if all processes
// end. Which step has ended, and how, is decided by the shared history alone.
package temporal
