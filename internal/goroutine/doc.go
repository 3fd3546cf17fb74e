// Package goroutine tells whether the calling goroutine is one of a set. Whoever
// is about to wait for the functions of a set asks this first, because a function
// that waits for its own end would wait for ever.
package goroutine
