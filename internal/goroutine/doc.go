// Package goroutine finds out whether the calling goroutine belongs to a set. A
// function that is about to wait for the functions of a set asks this first,
// because a function that waits for its own end would wait forever.
package goroutine
