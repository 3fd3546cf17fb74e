package locks

import (
	"context"
	"crypto/rand"
	"fmt"
	"sync"
)

// Memory keeps locks in the memory of this process. It is for tests, and for programs whose
// history is in memory too. In its zero value nobody holds a lock. It must not be copied
// after its first use.
type Memory struct {
	mu    sync.Mutex
	place string // "" before the first use
	held  map[string]*memoryLock
}

var (
	_ Locker = (*Memory)(nil)
	_ Placed = (*Memory)(nil)
)

// NewMemory returns locks that nobody holds.
func NewMemory() *Memory { return new(Memory) }

// Place returns a text that no other Memory has: see [Placed].
func (m *Memory) Place(context.Context) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.place == "" {
		m.place = rand.Text()
	}
	return m.place, nil
}

// TryLock takes the lock with a name: see [Locker].
func (m *Memory) TryLock(ctx context.Context, name string) (Lock, error) {
	if err := CheckName(name); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("taking lock %q: %w", name, err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.held[name] != nil {
		return nil, fmt.Errorf("taking lock %q: %w", name, ErrHeld)
	}
	if m.held == nil {
		m.held = make(map[string]*memoryLock)
	}
	lock := &memoryLock{memory: m, name: name}
	m.held[name] = lock
	return lock, nil
}

// Held reports whether somebody holds the lock with a name: see [Locker].
func (m *Memory) Held(ctx context.Context, name string) (bool, error) {
	if err := CheckName(name); err != nil {
		return false, err
	}
	if err := ctx.Err(); err != nil {
		return false, fmt.Errorf("looking at lock %q: %w", name, err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.held[name] != nil, nil
}

type memoryLock struct {
	memory *Memory
	name   string
}

func (l *memoryLock) Unlock() error {
	l.memory.mu.Lock()
	defer l.memory.mu.Unlock()
	if l.memory.held[l.name] == l {
		delete(l.memory.held, l.name)
	}
	return nil
}

func (l *memoryLock) Lost() <-chan struct{} { return nil }
