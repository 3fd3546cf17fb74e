//go:build !linux && !darwin

package history

// placeOfProcesses is not known here.
func placeOfProcesses() string { return "" }
