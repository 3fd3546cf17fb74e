package iomanagers

import (
	"context"
	"fmt"
	"reflect"
	"sync"
)

// MemoryManager is an [IOManager] that keeps values in the process, for tests and for
// runs whose values nobody needs afterwards. It has no codecs: Format is ignored.
//
// A value is copied when it is stored and again when it is loaded, field by field,
// unexported fields included, so that it comes back exactly: neither JSON nor gob could
// do that. What can't be copied is refused with [ErrType]: functions, channels, unsafe
// pointers, and structs that hide a pointer, slice, map or interface in an unexported
// field, unless they can marshal and unmarshal themselves (encoding.BinaryMarshaler,
// gob.GobEncoder or encoding.TextMarshaler, in that order) or are a [time.Time].
// Pointers and maps that are shared or cyclic within a value stay so.
//
// A load gives the stored value to any type that Go would let it be assigned to.
//
// Safe for concurrent use. Nothing needs closing; the values go with the manager.
type MemoryManager struct {
	mu     sync.RWMutex
	values map[memoryKey]reflect.Value
}

type memoryKey struct{ asset, partition string }

var (
	_ IOManager = (*MemoryManager)(nil)
	_ Checker   = (*MemoryManager)(nil)
)

// NewMemory returns a manager that holds nothing yet.
func NewMemory() *MemoryManager {
	return &MemoryManager{values: map[memoryKey]reflect.Value{}}
}

// Store keeps a deep copy of value. Of metadata it gives "rows".
func (m *MemoryManager) Store(ctx context.Context, out Output, value any) error {
	if err := m.store(ctx, out, value); err != nil {
		return fmt.Errorf("storing %v: %w", out, err)
	}
	return nil
}

func (m *MemoryManager) store(ctx context.Context, out Output, value any) error {
	declared, err := out.declared(value)
	if err != nil {
		return err
	}
	if err := checkCopyable(declared); err != nil {
		return err
	}
	given := reflect.New(declared).Elem()
	if value != nil {
		given.Set(reflect.ValueOf(value))
	}
	kept, err := deepCopy(given)
	if err != nil {
		return err
	}

	m.mu.Lock()
	defer m.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	m.values[memoryKey{out.Asset, out.Partition}] = kept
	addRows(out, value)
	return nil
}

// Load puts a deep copy of the stored value into dst.
func (m *MemoryManager) Load(ctx context.Context, in Input, dst any) error {
	if err := m.load(ctx, in, dst); err != nil {
		return fmt.Errorf("loading %v: %w", in, err)
	}
	return nil
}

func (m *MemoryManager) load(ctx context.Context, in Input, dst any) error {
	target, err := in.target(dst)
	if err != nil {
		return err
	}
	m.mu.RLock()
	kept, found := m.values[memoryKey{in.Asset, in.Partition}]
	m.mu.RUnlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	if !found {
		return ErrNotFound
	}
	if kept.Kind() == reflect.Interface && !kept.IsNil() {
		kept = kept.Elem()
	}
	if !kept.Type().AssignableTo(target.Type()) {
		return fmt.Errorf("%w: a %v is stored, a %v is asked for", ErrType, kept.Type(), target.Type())
	}
	given, err := deepCopy(kept)
	if err != nil {
		return err
	}
	target.Set(given)
	return nil
}

// Check reports whether values of type t can be copied. It ignores format.
func (m *MemoryManager) Check(_ string, t reflect.Type) error {
	return checkCopyable(t)
}
