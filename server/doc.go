// Package server serves the web pages of fxrun.
//
// [New] makes an http.Handler for any mux and under any path prefix. It guards what it
// serves: it answers only requests for hosts that it is served under, refuses writes that
// come from other sites, asks for a token where one is set, and limits what a request may
// send. Server.Serve runs a handler until its context ends, and drains it.
//
// The package imports inspect, runs and automation. Package cli has the commands dev and serve.
package server
