// Package delays says how late flights are, by airport and by month. Its
// functions are pure: they read no file, call no service, and leave their
// arguments as they were, so they are safe for concurrent use.
//
// The types carry json, csv and parquet tags with the same names.
package delays
