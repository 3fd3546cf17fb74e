// Package modules has no code of its own. Each package below it is one kind of
// ready-made resource. It consists of a Config and a constructor, which any Fx
// application can provide, with or without the rest of fxrun.
//
//   - sqldb: a pool of connections to an SQL database, on any database/sql
//     driver, and a transaction that ends as its step or run does
//   - sqldb/sqlite: the same on SQLite, in pure Go
//   - sqldb/postgres: the same on PostgreSQL
//   - httpclient: a client of one HTTP API: logins and their renewal, a limit of
//     requests a second, retries, JSON, bounded responses
//   - bucket: a bucket of an object store: a folder, memory, or a cloud's
//
// A module imports Fx, the library that it wraps and, of fxrun, only
// [github.com/fxrun/fxrun/container], for secrets in its Config. It does its work
// in the hooks that it appends. A constructor opens nothing and starts no
// goroutine, so an application that is built and never started leaves nothing
// open.
package modules
