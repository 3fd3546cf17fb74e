//go:build unix && !linux

package processes

func peakMemory() (int64, bool) { return 0, false }
