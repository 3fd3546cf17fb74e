// Package panics makes errors of panics in users' functions. Package container
// gives [Error] to users as PanicError.
package panics
