// Package cli is the command line of a program's own binary: it runs the
// program's assets, shows its definitions, and reads the history of its runs.
//
//	func main() {
//		cli.Main(
//			container.Provide("api", NewClient),
//			assets.New("orders", FetchOrders),
//		)
//	}
//
// The commands are run, assets, asset, jobs, config, resources, resource, graph,
// runs, logs, schedules, schedule, sensors, sensor, daemon, worker, dev and serve.
// The flag --help describes each of them. The history is kept in an SQLite file in
// the folder fxrun.Home, unless the definitions provide a history.Store. The first
// run creates the file. A command that only reads never creates it.
//
// # One program, one home
//
// The home is the folder that the environment variable FXRUN_HOME names. Without
// the variable it is .fxrun in the working directory. It contains the history, and
// the values of the default IO manager, by the keys of the assets. It does not
// distinguish between programs: two programs with the same home share the history,
// and if both have an asset called orders, the two share one stored value. So run
// programs in different folders, or give each program its own FXRUN_HOME.
//
// With the environment variable FXRUN_STORE, or the flag --store, the history is kept in
// a PostgreSQL database instead: postgres://user:password@host:5432/database. The flag
// wins over the variable. No output shows the password. Other users of a machine can
// see the flags of a process, so a password belongs into the variable, PGPASSWORD, or
// ~/.pgpass. A program whose definitions provide a history.Store uses this store, and
// refuses the flag.
//
// # A server
//
// The commands run, runs, runs show, runs cancel, runs retry, logs, assets, jobs, resources,
// and those of schedules and sensors have the flag --server, and use the environment
// variable FXRUN_SERVER. They then ask a server, as the command serve starts one, in place
// of this machine: see package server/api. The definitions, the environment and the history
// are those of the server. What is written, and the exit codes, are the same. The token of
// the server is in the environment variable FXRUN_TOKEN. The commands asset, runs prune and
// runs work use the history of this machine, and refuse to do so while the variable is set.
//
// # Processes
//
// With the flag --isolate, the commands that execute runs start this program again for
// each step, or for the run: see package runs/processes. The other side is a hidden
// command, fxrun-work. A program with a cobra tree of its own needs nothing more, but its own
// flags are not passed on.
//
// # Exit codes
//
//	0    it succeeded
//	1    the run failed, or something else went wrong
//	2    the program crashed: there was a panic
//	64   bad input: definitions, flags or config are wrong; nothing was started
//	130  interrupted
//
// # JSON
//
// Every command that reads has the flag --json, which writes one document. The
// names and meanings of its fields do not change, but new fields may be added.
//
//	assets         [inspect.Asset]; no last without history
//	asset KEY      inspect.AssetDetail
//	jobs           [inspect.Job]; no assets in a job of ops
//	config schema  JSON Schema
//	config check   inspect.Config
//	resources      [inspect.UsedResource]
//	resource KEY   inspect.Resource; needed_by and unneeded with --job or --select, one of them
//	graph          inspect.Picture; it may name needs that --job or --select left out
//	runs           [history.Record], newest first, without steps; liveness is below
//	runs show ID   an object: record is a history.Record, events are its [history.Event]
//	run --dry-run  inspect.Launch
//
// The records in runs and in runs show have the additional field liveness if the
// run has an owner and has not finished. It is a runs.Liveness of the process of the
// run. If the process is gone, the run is lost, unless its record has a cluster: then the run
// goes on there, and another process takes it over. If its liveness is unknown, the run may be
// lost.
//
// The name of a type stands for the JSON that the type writes. Lists are never null.
//
// The command run --json writes lines: every event as it was stored, and then
// {"type": "record", "record": history.Record}. The command logs --json also writes
// lines: the history.Event of each line of the log.
//
// The command worker --json writes a line when an attempt at a step begins and another one
// when it ends. Each has the fields run, step, attempt and status, and at the end duration_ns
// and error. A run that the worker has taken over has such lines too, without a step.
//
// An error is written as {"type": "error", "message": TEXT, "faults":
// [inspect.Fault], "exit_code": N}. It stands in place of the document, or is the
// last line. Its text is also written to standard error.
//
// The package imports most other packages of the module. Package inspect describes
// what the commands show, package runs what is recorded, and package container where
// config comes from.
package cli
