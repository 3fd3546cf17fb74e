// Package config is a package of a user that happens to be called as one of fxrun's: for tests
// of how types are named.
package config

// Secret is the user's own.
type Secret[T any] struct{ Value T }
