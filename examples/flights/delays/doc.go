// Package delays says how late flights are, by airport and by month. Its
// functions are pure: they read no file, call no service, and leave their
// arguments as they were, so they are safe for concurrent use. Flights come as
// a stream, of which they hold one at a time.
//
// The types carry json and csv tags with the same names.
package delays
