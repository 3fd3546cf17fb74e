package history

import "sync"

// Watcher is an optional interface of a [Store] that tells when something was appended
// through it. What other processes append, it need not tell.
type Watcher interface {
	// Watch returns a channel that gets a value after an append. Several appends may
	// give one value. stop ends this, and must be called.
	Watch() (appended <-chan struct{}, stop func())
}

// Watchers are the watchers of one store. It is for authors of a [Store]. The zero value has
// none. It is safe for concurrent use.
type Watchers struct {
	mu  sync.Mutex
	all map[chan struct{}]struct{}
}

// Watch adds a watcher: see [Watcher].
func (w *Watchers) Watch() (appended <-chan struct{}, stop func()) {
	channel := make(chan struct{}, 1)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.all == nil {
		w.all = make(map[chan struct{}]struct{})
	}
	w.all[channel] = struct{}{}
	return channel, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.all, channel)
	}
}

// Wake tells all watchers that something was appended. It does not wait for them.
func (w *Watchers) Wake() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for channel := range w.all {
		select {
		case channel <- struct{}{}:
		default: // it has a value already
		}
	}
}
