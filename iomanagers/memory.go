package iomanagers

import (
	"context"
	"fmt"
	"reflect"
	"sync"

	"github.com/fxrun/fxrun/rows"
)

// MemoryManager is an [IOManager] that keeps values in the process. It is for tests, and for
// runs whose values are not needed afterwards. It has no codecs, so Format is ignored.
//
// A value is copied when it is stored, and again when it is loaded. The copy is made field by
// field and includes unexported fields, so the loaded value is exactly the stored one. JSON
// and gob cannot do that. Values that cannot be copied are refused with [ErrType]: functions,
// channels, unsafe pointers, and structs with a pointer, slice, map or interface in an
// unexported field. Such a struct is accepted if it can marshal and unmarshal itself
// (encoding.BinaryMarshaler, gob.GobEncoder or encoding.TextMarshaler, in that order), or if
// it is a [time.Time]. Pointers and maps that are shared or cyclic within a value stay so.
//
// A value can be loaded as every type to which Go can assign it. Rows can be loaded in every
// form of the same rows: slices, streams and batches, with rows behind pointers or not.
// Chunks of bytes can be loaded as bytes, and bytes as chunks. For other types there are no
// stored bytes to load. A stream is stored in copied batches, and each pass over it copies
// them again, batch by batch. Memory that rows of different batches share is copied more than
// once.
//
// A MemoryManager is safe for concurrent use. It need not be closed. Its values end with it.
type MemoryManager struct {
	mu     sync.RWMutex
	values map[memoryKey]kept
}

type memoryKey struct{ asset, partition string }

var (
	_ IOManager = (*MemoryManager)(nil)
	_ Checker   = (*MemoryManager)(nil)
)

// NewMemory returns a manager that holds nothing yet.
func NewMemory() *MemoryManager {
	return &MemoryManager{values: map[memoryKey]kept{}}
}

// Store keeps a deep copy of value. It adds the metadata "rows".
func (m *MemoryManager) Store(ctx context.Context, out Output, value any) error {
	return storeStaged(ctx, m, out, value)
}

// Stages reports whether the manager is m.
func (m *MemoryManager) Stages(manager IOManager) bool {
	same, ok := manager.(*MemoryManager)
	return ok && same == m
}

// Stage copies value.
func (m *MemoryManager) Stage(ctx context.Context, out Output, value any) (Staged, error) {
	copied, err := m.copy(ctx, out, value)
	if err != nil {
		return nil, fmt.Errorf("storing %v: %w", out, err)
	}
	commit := func() error {
		m.mu.Lock()
		defer m.mu.Unlock()
		if err := ctx.Err(); err != nil {
			return err
		}
		copied.runID = out.RunID
		m.values[memoryKey{out.Asset, out.Partition}] = copied
		if n := copied.rows(); n >= 0 {
			out.AddMetadata("rows", n)
		}
		return nil
	}
	return staged{out: out, commit: commit, discard: func() error { return nil }}, nil
}

func (m *MemoryManager) copy(ctx context.Context, out Output, value any) (kept, error) {
	declared, err := out.declared(value)
	if err != nil {
		return kept{}, err
	}
	if err := m.Check("", declared); err != nil {
		return kept{}, err
	}
	return keep(ctx, declared, value, out.Progress)
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
	if in.asksForBytes(target.Type()) && !isText(in.Stored) {
		return fmt.Errorf("%w: values in memory have no bytes; a %v is declared", ErrUnsupported, in.Stored)
	}
	m.mu.RLock()
	found, ok := m.values[memoryKey{in.Asset, in.Partition}]
	m.mu.RUnlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	if !ok {
		return ErrNotFound
	}
	if err := in.CheckMadeBy(found.runID); err != nil {
		return err
	}
	return found.give(ctx, target)
}

// Check reports whether values of type t can be copied. It ignores format.
func (m *MemoryManager) Check(_ string, t reflect.Type) error {
	if shape, ok := rows.Of(t); ok {
		return checkCopyable(shape.Slice)
	}
	return checkCopyable(t)
}
