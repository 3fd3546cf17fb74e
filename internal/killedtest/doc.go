// Package killedtest checks in tests that a server ends with the process that has started it,
// however that process ends.
package killedtest
