//go:build unix

package processes

import (
	"os"
	"runtime"
	"syscall"
	"time"

	"github.com/fxrun/fxrun/history"
)

// ownUsage returns what this process has used up to now, with the processes that it has
// started and waited for.
func ownUsage() history.Usage {
	var usage history.Usage
	for _, who := range []int{syscall.RUSAGE_SELF, syscall.RUSAGE_CHILDREN} {
		var of syscall.Rusage
		if syscall.Getrusage(who, &of) != nil {
			continue
		}
		usage.CPU += time.Duration(of.Utime.Nano() + of.Stime.Nano())
		if who == syscall.RUSAGE_SELF {
			usage.Memory = bytesOf(&of)
		}
	}
	if memory, ok := peakMemory(); ok {
		usage.Memory = memory
	}
	return usage
}

// memoryOf returns the largest resident memory of a process that has ended.
func memoryOf(state *os.ProcessState) int64 {
	if of, ok := state.SysUsage().(*syscall.Rusage); ok {
		return bytesOf(of)
	}
	return 0
}

func bytesOf(of *syscall.Rusage) int64 {
	if runtime.GOOS == "darwin" || runtime.GOOS == "ios" {
		return int64(of.Maxrss)
	}
	return int64(of.Maxrss) << 10
}
