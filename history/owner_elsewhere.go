//go:build !linux && !darwin

package history

// placeOfProcesses returns "", since these systems do not tell it.
func placeOfProcesses() string { return "" }
