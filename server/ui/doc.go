// Package ui makes the web pages of fxrun: what is defined, what has run and what runs
// now, and a page to launch runs. The pages are made on the server. They can be read
// without JavaScript; with it they follow runs live.
//
// [New] makes the pages, and Pages.Register adds them to an http.ServeMux. The package
// guards nothing: package server does.
//
// The package imports inspect, which most of what the pages show comes from, runs, to
// launch and cancel, and automation, for schedules and sensors. Package server serves it.
package ui
