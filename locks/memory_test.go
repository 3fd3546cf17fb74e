package locks_test

import (
	"testing"

	"github.com/fxrun/fxrun/locks"
	"github.com/fxrun/fxrun/locks/lockstest"
)

func TestTheZeroMemory(t *testing.T) {
	t.Parallel()
	lockstest.Run(t, func(*testing.T) lockstest.Subject {
		var memory locks.Memory
		return lockstest.Subject{Open: func(*testing.T) locks.Locker { return &memory }}
	})
}

func TestMemory(t *testing.T) {
	t.Parallel()
	lockstest.Run(t, func(*testing.T) lockstest.Subject {
		memory := locks.NewMemory()
		return lockstest.Subject{Open: func(*testing.T) locks.Locker { return memory }}
	})
}
