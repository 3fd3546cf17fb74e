// Package fxrun runs data assets in Go programs, on Uber Fx. It has typed
// resources, assets and I/O managers, as other orchestrators have them without
// types.
//
// Every external thing that a job uses is a resource: an ordinary Fx constructor
// with hooks and a config. Every run gets a child container of its own, with
// launch-time config. The child container starts only what the run needs, and it
// always stops what it has started. Assets are functions whose parameters are
// resolved by type.
//
// This package is the Fx module that gathers the definitions of a program. A
// program that consists only of data jobs gives its definitions to cli.Main
// instead.
//
// # Packages, in reading order
//
//   - container: resources, their config, the checked graph, child containers
//   - assets: assets, ops, jobs, selections, and the plans made of them; rows
//     says in which forms a value of rows may be taken
//   - iomanagers: what stores values and loads them: memory and files here,
//     SQL tables in iomanagers/sqltable; object stores in objectstore, Parquet in
//     parquetcodec and Arrow in arrowcodec, which are Go modules of their own;
//     iomanagers/iotest is the suite that every one passes
//   - history: what happened: events, records and stores; history/sqlhistory/sqlite
//     keeps them in a file and history/sqlhistory/postgres in a database,
//     history/historytest is the suite that every store passes
//   - locks: named locks that end with the process that holds them
//   - runs: launching, queueing and executing runs; runs/processes gives them
//     processes of their own, runs/executortest is the suite that every executor
//     passes
//   - automation: schedules and sensors, which ask for runs, and the daemon that
//     ticks them
//   - inspect: what a person may ask about definitions and history, as data
//   - modules: ready-made resources: sqldb (with sqldb/sqlite and
//     sqldb/postgres), httpclient, bucket (a Go module of its own)
//   - server: the web pages, as an http.Handler
//   - cli: the command line of a program's own binary
//   - telemetry: traces and metrics of runs, for OpenTelemetry (a Go module of its
//     own)
//   - backoff: waits between attempts of a step or of a resource's start
//   - fxruntest: assets, schedules and sensors in a test, in memory, with fakes
//   - examples: programs to copy from; docs: pages to read
//
// Imports point in one direction: container does not know assets, and assets does
// not know runs. DESIGN.md says what each package may import. The file
// container_test.go in this folder is a tour of the API.
package fxrun
