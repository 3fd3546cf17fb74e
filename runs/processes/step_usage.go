package processes

import (
	"sync"

	"github.com/fxrun/fxrun/history"
)

// stepUsage finds out what each step of a process has used that executes several. What a process
// uses cannot be told apart by steps, so it is known only of a step that was alone in it from its
// start to its end.
type stepUsage struct {
	mu      sync.Mutex
	running map[string]*usageMark // by step
}

// usageMark is the usage of the process at the start of a step.
type usageMark struct {
	before history.Usage
	peak   bool // the largest memory was forgotten at the start
	shared bool // another step was executed too
}

// begin notes that an attempt at a step begins.
func (u *stepUsage) begin(step string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	mark := &usageMark{shared: len(u.running) > 0}
	for _, other := range u.running {
		other.shared = true
	}
	if !mark.shared {
		mark.peak, mark.before = forgetPeak(), ownUsage()
	}
	if u.running == nil {
		u.running = make(map[string]*usageMark)
	}
	u.running[step] = mark
}

// end returns what the attempt has used, as far as it is known.
func (u *stepUsage) end(step string) history.Usage {
	u.mu.Lock()
	defer u.mu.Unlock()
	mark := u.running[step]
	delete(u.running, step)
	if mark == nil || mark.shared {
		return history.Usage{}
	}
	usage := ownUsage()
	usage.CPU -= mark.before.CPU
	if !mark.peak {
		usage.Memory = 0
	}
	return usage
}
