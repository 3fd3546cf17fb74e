// Package server serves the web pages and the JSON API of fxrun.
//
// [New] makes an http.Handler for any mux and under any path prefix. It guards what it
// serves: it answers only requests for hosts that it is served under, refuses writes that
// come from other sites, asks for a token where one is set, and limits what a request may
// send. Server.Serve runs a handler until its context ends, and drains it.
//
// The pages are in package server/ui, and the API in package server/api; package
// server/client calls the API. The package imports assets, history, runs, automation and
// inspect. Package cli has the commands dev and serve.
package server
