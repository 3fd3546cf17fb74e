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
// runs and logs; each tells about itself with --help. The history is kept in an SQLite
// file in the folder fxrun.Home, unless the definitions provide a history.Store;
// the file is made by the first run, never by a command that only reads.
//
// # One program, one home
//
// The home is the folder that the environment variable FXRUN_HOME names, else
// .fxrun in the working directory. It holds the history, and the values of the
// default IO manager, by the keys of the assets. Nothing in it tells programs
// apart: two that are run with one home share the history, and an asset called
// orders in both is one stored value. Run them in folders of their own, or give
// each a FXRUN_HOME.
//
// # Exit codes
//
//	0    it succeeded
//	1    the run failed, or something else went wrong
//	2    the program crashed: there was a panic, as Go itself reports one
//	64   bad input: definitions, flags or config are wrong; nothing was started
//	130  interrupted
//
// # JSON
//
// Every command that reads has --json, which writes one document. Names and
// meanings of its fields stay; new fields may be added.
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
// The records of runs and of runs show have a field more if the run has an owner
// and has not finished: liveness is what history.LivenessOf tells of its process.
// If it is gone, the run is lost; if it is unknown, the run may be lost.
//
// A type's name stands for the JSON that the type itself writes. Lists are
// never null. run --json writes lines: every event as it was stored, then
// {"type": "record", "record": history.Record}. logs --json writes lines too: the
// history.Event of each line of the log. What goes wrong otherwise is
// {"type": "error", "message": TEXT, "faults": [inspect.Fault], "exit_code": N}, besides
// the text on standard error: in place of the document, or as the last line.
//
// The package sits on top of all others. Next: package inspect, for what is
// shown, package runs, for what is recorded, and package container, for where
// config comes from.
package cli
