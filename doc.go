// Package fxrun runs data assets in Go programs, on Uber Fx: what resources,
// assets and I/O managers are in other orchestrators, with types.
//
// Every external thing that a job touches is a resource: an ordinary Fx
// constructor with hooks and a config of its own. Every run gets its own child
// container, with launch-time config, that starts only what the run needs and
// is always torn down. Assets are functions whose parameters are resolved by
// type.
//
// This package is the Fx module that gathers a program's definitions. A program
// that is nothing but a data job gives its definitions to cli.Main instead.
//
// # Packages, in reading order
//
//   - container: resources, their config, the checked graph, child containers
//   - assets: assets, jobs, selections, and the plans made of them
//   - iomanagers: what stores assets' values and loads them; iomanagers/iotest
//     is the suite that every one passes, iomanagers/parquetcodec adds Parquet
//   - runs: launching, executing and recording runs; runs/sqlitestore keeps the
//     history in a file, runs/runstest is the suite that every store passes
//   - modules: ready-made resources: sqldb (with sqldb/sqlite), httpclient
//   - cli: the command line of a program's own binary
//   - examples: programs to copy from
//
// Imports point down this list's reverse: container knows nothing of assets,
// assets nothing of runs. container_test.go, beside this file, is a tour of the
// API.
package fxrun
