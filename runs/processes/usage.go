package processes

import (
	"os"

	"github.com/fxrun/fxrun/history"
)

// usageOf returns what a process has used that has ended. Its memory is known only if it
// was larger than this process has ever been: the system counts the memory of this
// process too, because the other one is a copy of it until it executes its program.
func usageOf(state *os.ProcessState) history.Usage {
	if state == nil {
		return history.Usage{}
	}
	usage := history.Usage{CPU: state.UserTime() + state.SystemTime(), Memory: memoryOf(state)}
	if usage.Memory <= ownUsage().Memory {
		usage.Memory = 0
	}
	return usage
}
