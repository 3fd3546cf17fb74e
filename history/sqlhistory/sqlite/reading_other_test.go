//go:build !linux

package sqlite_test

var readingRoles map[string]func(folder string) error
