// Package resource has what a program declares: resources with their options,
// lifetimes and hooks, as plain data. It does not compare one declaration with
// another: package graph does. Package container exports the names that users
// need, and documents them.
package resource
