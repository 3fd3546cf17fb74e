// Package worker calls users' functions in goroutines that are used again. A call may
// have a limit of time, and a panic is an error.
package worker
