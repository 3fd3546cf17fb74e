package child

import (
	"cmp"
	"maps"
	"slices"
	"sync"
)

// openChild is a child that its parent knows.
type openChild interface {
	Close(outcome error) error
	// beginNothing prevents further starts in the child.
	beginNothing()
	// calls reports whether the calling goroutine executes a user's function that the
	// end of the child has to wait for.
	calls() bool
}

// openChildren has the children of a parent that are open, or being opened.
type openChildren struct {
	closed chan struct{} // closed when no more children are accepted

	mu       sync.Mutex
	added    int
	children map[openChild]int // with the order in which they were added
}

func newOpenChildren() *openChildren { return &openChildren{closed: make(chan struct{})} }

// add adds a child that is about to be opened. It returns false if the parent
// is being closed.
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

// close accepts no more children, prevents further starts in the children that
// are being opened, and returns all children, the last first.
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

// call reports whether the calling goroutine executes a user's function of one
// of the children. The end of the parent would have to wait for this function.
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
