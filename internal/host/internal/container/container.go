// Package container is a package of a host application that happens to be called
// as one of fxrun's: for the tests of package host.
package container

// Container is the application's own.
type Container struct{ Name string }
