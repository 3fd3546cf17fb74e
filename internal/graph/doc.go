// Package graph checks what a program declares. A graph knows where the
// parameters of each resource and of each target get their values from, in which
// order resources start, and what a launch config may contain. The package builds
// nothing. It reads the environment only to describe config. Package child opens
// the child containers of a graph.
package graph
