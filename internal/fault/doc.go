// Package fault gathers everything that is wrong with definitions or with a
// launch into one error. Package container gives its names to users.
package fault
