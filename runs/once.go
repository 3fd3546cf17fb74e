package runs

import "sync"

// once calls a function once, as sync.Once does. Those who have to wait for the
// call wait on a channel and not on a mutex, so that they may wait for long.
type once struct {
	mu   sync.Mutex
	done chan struct{} // nil before the first call
}

func (o *once) do(call func()) {
	o.mu.Lock()
	if done := o.done; done != nil {
		o.mu.Unlock()
		<-done
		return
	}
	done := make(chan struct{})
	o.done = done
	o.mu.Unlock()
	defer close(done)
	call()
}
