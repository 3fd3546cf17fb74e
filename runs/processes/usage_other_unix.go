//go:build unix && !linux

package processes

func forgetPeak() bool { return false }

func peakMemory() (int64, bool) { return 0, false }
