package child

import (
	"cmp"
	"maps"
	"slices"
	"sync"
)

// openChild is a child among those of its parent.
type openChild interface {
	Close(outcome error) error
	// beginNothing lets nothing more begin in the child.
	beginNothing()
	// calls reports whether the calling goroutine is in a function of the user's that
	// the child's end has to wait for.
	calls() bool
}

// openChildren are the children that are open, or being opened, on what a parent
// has started.
type openChildren struct {
	closed chan struct{} // closed when no more are taken

	mu       sync.Mutex
	added    int
	children map[openChild]int // by when they were added
}

func newOpenChildren() *openChildren { return &openChildren{closed: make(chan struct{})} }

// add takes a child, which is about to be opened; false if it comes too late.
func (o *openChildren) add(child openChild) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.isClosed() {
		return false
	}
	if o.children == nil {
		o.children = make(map[openChild]int)
	}
	o.added++
	o.children[child] = o.added
	return true
}

func (o *openChildren) remove(child openChild) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.children, child)
}

func (o *openChildren) isClosed() bool {
	select {
	case <-o.closed:
		return true
	default:
		return false
	}
}

// close takes no more children, lets those that are being opened begin nothing
// more, and returns those that there are, the last first.
func (o *openChildren) close() []openChild {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.isClosed() {
		close(o.closed)
	}
	children := slices.SortedFunc(maps.Keys(o.children), func(a, b openChild) int { return cmp.Compare(o.children[b], o.children[a]) })
	for _, child := range children {
		child.beginNothing()
	}
	return children
}

// call reports whether the calling goroutine is in a function of one of them,
// which the parent's end would have to wait for.
func (o *openChildren) call() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	for child := range o.children {
		if child.calls() {
			return true
		}
	}
	return false
}
