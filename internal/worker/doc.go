// Package worker calls users' functions: in goroutines that are used again, with a
// limit of time, and with panics as errors.
package worker
