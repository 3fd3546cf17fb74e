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
//   - assets: assets, ops, jobs, selections, and the plans made of them; rows
//     says in which forms a value of rows may be taken
//   - iomanagers: what stores values and loads them: memory and files here,
//     object stores and SQL tables in iomanagers/objectstore and sqltable,
//     Parquet in parquetcodec, Arrow in arrowcodec; iomanagers/iotest is the
//     suite that every one passes
//   - runs: launching, executing and recording runs; history/sqlhistory/sqlite keeps the
//     history in a file, history/historytest is the suite that every store passes
//   - modules: ready-made resources: sqldb (with sqldb/sqlite and
//     sqldb/postgres), httpclient, bucket
//   - cli: the command line of a program's own binary
//   - fxruntest: assets in a test, in memory, with fakes
//   - examples: programs to copy from; docs: pages to read
//
// Imports point down this list's reverse: container knows nothing of assets,
// assets nothing of runs. container_test.go, beside this file, is a tour of the
// API.
package fxrun
