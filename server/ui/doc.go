// Package ui makes the web pages of fxrun: what is defined, what has run and what runs
// now, and a page to launch runs. The pages are made on the server. They can be read
// without JavaScript; with it they follow runs live.
//
// [New] makes the pages, and Pages.Register adds them to an http.ServeMux. The package
// guards nothing: package server does.
//
// The package imports inspect, which everything that the pages show comes from, and
// runs, to launch and cancel. Package server puts the pages beside the JSON API.
package ui
