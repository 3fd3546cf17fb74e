// Package client calls the JSON API of a server of fxrun.
//
// [New] makes a client for the URL of a server. Its methods launch, cancel, repeat and
// follow runs, and take and return the types of packages server/api and inspect. Its Store
// reads the runs of the server as a history.Store, so that what reads a history can also
// read a server.
//
// The package imports server/api, inspect, history, automation and container. The command
// line uses it for the flag --server.
package client
